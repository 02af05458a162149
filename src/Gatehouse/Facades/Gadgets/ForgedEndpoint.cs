using Gatehouse.Credentials;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Gadgets;

/// <summary>
/// <c>POST /gadgets/forged</c>: the desktop, or a gadget by it, heard a message in its own form from a window that may not send it. Nothing was done with it; here it comes into the audit log. Only a page of our own with the token of an agent's session may say so, and what it says is text, bounded and thinned out.
/// </summary>
internal sealed class ForgedEndpoint(Ground ground, Verifiers verifiers, Issuers issuers, Refusals refusals)
{
    private const int MostBytes = 2048;

    public async Task HearAsync(HttpContext context)
    {
        if (!Ground.IsOwn(context, issuers.PublicUrl))
        {
            refusals.Note(context, Reasons.CredentialCrossSite, null, null, "");
            await Reply.ProblemAsync(context, Reasons.CredentialCrossSite);
            return;
        }

        if (Finder.Find(context.Request.Headers, null, issuers.IsTls) is not Found.One { Credential: var bearer } || await verifiers.VerifyOwnAsync(bearer, ground.Settings.Realm, context.RequestAborted) is not Verdict.Accepted { Principal: { Kind: PrincipalKind.User, Session: not null } agent })
        {
            await Reply.ProblemAsync(context, Reasons.CredentialKind);
            return;
        }

        var (fields, fault) = await Posted.ReadAsync(context, MostBytes);
        if (fields is null)
        {
            await Reply.ProblemAsync(context, Reasons.RequestInvalid, fault);
            return;
        }

        // A gadget is named where there is one of that name; any other text is the forger's.
        refusals.Forged(context, agent, new Dictionary<string, string>
        {
            ["gadget"] = Known(fields["from"]), ["claimed"] = Printable(fields["claimed"], 64), ["origin"] = Printable(fields["origin"], 255), ["heard_by"] = fields["at"] is "desktop" ? "desktop" : Known(fields["at"]),
        });
        context.Response.StatusCode = 204;
    }

    private string Known(string? id) => ground.Find(id)?.Id ?? "";

    private static string Printable(string? text, int most) => new([.. (text ?? "").Where(c => c is >= ' ' and <= '~').Take(most)]);
}
