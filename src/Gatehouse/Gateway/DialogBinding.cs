using System.Text;
using System.Text.Json;
using Gatehouse.Dialogs;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway;

/// <summary>
/// Holds a dialog's token to its dialog: the id in path, query or body must be the token's own, and after the end only what the project allows passes. What could be read in two ways is refused, since the upstream may read it in the other.
/// </summary>
public sealed class DialogBinding(LiveDialogs live, DialogProjects projects, TimeProvider time)
{
    /// <summary>What path, query and the dialog's state say; null when they allow it.</summary>
    public Reason? Check(Ask ask, Route route, Principal principal)
    {
        if (route.Dialog is not { } place || !DialogKey.TryParse(principal.Dialog, out var own)) return Reasons.DialogUnbound;
        if (place.Segment is { } segment && !IsOwn(SegmentOf(ask.Path.Value, segment), own)) return Reasons.DialogOther;
        if (place.Query is { } name && CheckQuery(ask.Query, name, own) is { } refused) return refused;
        return IsAllowedNow(place, principal, own) ? null : Reasons.DialogEnded;
    }

    /// <summary>Whether what the body must name can be waited for: the same question after the body has come, since the dialog may have ended meanwhile.</summary>
    public bool IsAllowedNow(Route route, Principal principal) => DialogKey.TryParse(principal.Dialog, out var own) && IsAllowedNow(route.Dialog!, principal, own);

    /// <summary>What the body says; null when it names the token's own dialog. The body stays where it is and is forwarded untouched.</summary>
    public async Task<Reason?> CheckBodyAsync(HttpContext context, Route route, Principal principal, CancellationToken stop)
    {
        if (!DialogKey.TryParse(principal.Dialog, out var own)) return Reasons.DialogUnbound;
        return await JsonBody.ReadAsync(context, route.Service.MaxBody, leave: true, time, stop) is { } body ? Judge(body, route.Dialog!.Body!, own) : Reasons.DialogUnreadable;
    }

    internal static Reason? Judge(byte[] body, string member, DialogKey own)
    {
        if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return Reasons.DialogUnreadable;
        using (document)
        {
            string? id = null;
            foreach (var one in document.RootElement.EnumerateObject())
            {
                // Many readers of JSON take names in any case, some in any form of a letter (Go folds the Kelvin sign), and the last one wins.
                if (!one.Name.Equals(member, StringComparison.OrdinalIgnoreCase) && !one.Name.Normalize(NormalizationForm.FormKC).Equals(member, StringComparison.OrdinalIgnoreCase)) continue;
                if (id is not null || one.Name != member || one.Value.ValueKind != JsonValueKind.String) return Reasons.DialogUnreadable;
                id = one.Value.GetString();
            }

            if (id is null) return Reasons.DialogUnreadable;
            return IsOwn(id, own) ? null : Reasons.DialogOther;
        }
    }

    internal static Reason? CheckQuery(string query, string name, DialogKey own)
    {
        string? id = null;
        // Some servers part parameters by semicolons as well, and some take 'a.b', 'a b' and 'a_b' for the same name.
        if (query.Contains(';')) return Reasons.DialogUnreadable;
        if (query.Length > 1)
        {
            foreach (var range in query.AsSpan(1).Split('&'))
            {
                var pair = query.AsSpan(1)[range];
                var equals = pair.IndexOf('=');
                if (!Parameters.TryDecode(equals < 0 ? pair : pair[..equals], out var key)) return Reasons.DialogUnreadable;
                if (!key.Equals(name, StringComparison.OrdinalIgnoreCase) && !Bare(key).Equals(Bare(name), StringComparison.OrdinalIgnoreCase)) continue;
                if (id is not null || key != name || equals < 0 || !Parameters.TryDecode(pair[(equals + 1)..], out id)) return Reasons.DialogUnreadable;
            }
        }

        if (id is null) return Reasons.DialogUnreadable;
        return IsOwn(id, own) ? null : Reasons.DialogOther;
    }

    private static string Bare(string name) => string.Concat(name.Normalize(NormalizationForm.FormKC).Where(char.IsLetterOrDigit));

    private static bool IsOwn(ReadOnlySpan<char> id, DialogKey own) => DialogKey.TryParse(id, out var key) && key == own;

    private bool IsAllowedNow(DialogPlace place, Principal principal, DialogKey own)
    {
        if (live.Find(principal.Realm, own) is not { } dialog || dialog.StateAt(time.GetUtcNow().ToUnixTimeMilliseconds()) == DialogState.Alive) return true;
        return place.After is { } what && projects.AllowsAfter(principal.Realm, dialog.Project, what);
    }

    private static ReadOnlySpan<char> SegmentOf(string path, int index)
    {
        var rest = path.AsSpan(1);
        for (; index > 0; index--)
        {
            var slash = rest.IndexOf('/');
            if (slash < 0) return default;
            rest = rest[(slash + 1)..];
        }

        var end = rest.IndexOf('/');
        return end < 0 ? rest : rest[..end];
    }
}
