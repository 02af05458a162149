using Gatehouse.Credentials;
using Gatehouse.Policy;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway;

/// <summary>What the gate would decide, without a request: the same table and the same judge as the hot path.</summary>
/// <param name="Status">200 when it would pass, otherwise the refusal's status; 0 when it is not the gate that answers.</param>
/// <param name="Code">Reason code; <c>pass</c> when it would pass.</param>
/// <param name="Route">The one route; null when there is none.</param>
/// <param name="Why">In plain words.</param>
public sealed record Explanation(int Status, string Code, Route? Route, string Why)
{
    /// <summary>Explains a decision for a raw path (with or without a query) and a principal, or nobody; <paramref name="by"/> is the credential that it comes by, null for one that counts.</summary>
    public static Explanation Of(RouteTable routes, string method, string rawPath, Principal? principal, CredentialKind? by = null)
    {
        var question = rawPath.IndexOf('?', StringComparison.Ordinal);
        if (!CanonicalPath.TryParse(question < 0 ? rawPath : rawPath.AsSpan(0, question), out var path)) return No(Reasons.PathAmbiguous, null, "The path could be read in two ways, so it is refused before anything looks at it.");
        if (routes.Find(method, path.Value) is not { } route) return No(Reasons.RouteUnknown, null, "No service and no public line has this path; the gate forwards nothing that is not listed.");
        if (route.IsPublic) return new Explanation(200, "pass", route, $"Public by line {route.Line} ({route.Describe()}): {route.PublicReason ?? "no reason given"}.");
        if (principal is null) return No(Reasons.CredentialMissing, route, $"{route.Rule!.Name} (line {route.Line}, {route.Describe()}) asks who it is, and nobody is there.");
        if (by is { } kind && !Accepts(route.Service.Accepts, kind)) return No(Reasons.CredentialKind, route, $"'accept' of '{route.Service.Name}' (line {route.Service.Line}) does not name {WordOf(kind)}.");
        var judgement = Judge.Decide(route.Rule!, principal);
        return judgement.Allowed
            ? new Explanation(200, "pass", route, $"{route.Rule!.Name} (line {route.Line}, {route.Describe()}) allows it.")
            : No(judgement.Reason!, route, $"{route.Rule!.Name} (line {route.Line}, {route.Describe()}) takes {judgement.Missing}.");
    }

    /// <summary>The kind by its word in <c>accept</c>; null for none.</summary>
    public static CredentialKind? KindOf(string? word) => word switch
    {
        "token" => CredentialKind.Bearer, "session" => CredentialKind.SessionCookie, "basic" => CredentialKind.Basic, "dialog" => CredentialKind.Dialog, "legacy" => CredentialKind.SharedSecret, _ => null,
    };

    private static string WordOf(CredentialKind kind) => kind switch
    {
        CredentialKind.SessionCookie => "session", CredentialKind.Basic => "basic", CredentialKind.Dialog => "dialog", CredentialKind.SharedSecret => "legacy", _ => "token",
    };

    private static bool Accepts(Accepted accepts, CredentialKind kind) => kind switch
    {
        CredentialKind.SessionCookie => accepts.Session, CredentialKind.Basic => accepts.Basic, CredentialKind.Dialog => accepts.Dialog, CredentialKind.SharedSecret => !accepts.Legacy.IsEmpty, _ => accepts.Token || !accepts.Issuers.IsEmpty,
    };

    // No clock here: what is observed still is said by "check".
    private static Explanation No(Reason reason, Route? route, string why)
        => new(reason.Status, reason.Code, route, route?.Observation is { IsOff: false } observed && Observing.Passing.Contains(reason.Code) ? $"{why} Until {Access.ObserveReader.Words(observed.Until)} it is observed only, and passes all the same." : why);
}
