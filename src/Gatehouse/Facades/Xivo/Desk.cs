using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Xivo;

/// <summary>What the endpoints share: the realm and the client of the settings, the rules of a CTI login, and the way from a sign-in to XiVO's answer by the one mint.</summary>
internal sealed class Desk(Realms realms, ClientStore clients, Issuer issuer, IOptions<XivoSettings> options)
{
    private const string Door = "xivo";

    private readonly XivoSettings settings = options.Value;

    /// <summary>The rules of this door.</summary>
    public EntryRules Rules => new(settings.Client, CtiRules.Codes, CtiRules.Bar, user => CtiRules.IsWebservice(user) ? settings.WebserviceExpires : settings.CtiExpires) { Door = Door };

    /// <summary>Realm and client, or what is missing, in words for whoever set it up.</summary>
    public ValueTask<(Realm? Realm, Client? Client, string? Missing)> OpenAsync(CancellationToken stop)
        => Setup.FindAsync("xivo", realms, settings.Realm, clients, settings.Client, "token exchange", stop);

    /// <summary>Realm and client; null after it was answered what is missing.</summary>
    public async ValueTask<(Realm Realm, Client Client)?> OpenOrAnswerAsync(HttpContext context)
    {
        var (realm, client, missing) = await OpenAsync(context.RequestAborted);
        if (missing is null) return (realm!, client!);
        await Reply.FaultAsync(context, new Fault(500, Vendor.UnhandledError, $"The facade is not set up: {missing}."));
        return null;
    }

    /// <summary>Answers: a token by the mint, or the fault. <paramref name="refused"/> puts the codes of this endpoint's proof into XiVO's words; <paramref name="barred"/> is its code for a person who lacks a property.</summary>
    public async Task AnswerAsync(HttpContext context, DirectOutcome outcome, string barred, Func<string, Fault> refused, Fault? down = null)
    {
        if (outcome is DirectOutcome.In arrived)
        {
            var (tokens, error) = await issuer.MintAsync(arrived.Authorization, context.RequestAborted);
            if (tokens is not null) await Reply.TokenAsync(context, arrived.User.Username, tokens.AccessToken, tokens.ExpiresIn);
            else await Reply.FaultAsync(context, new Fault(error!.Status >= 500 ? 503 : 401, Vendor.UnhandledError, error.Description));
            return;
        }

        await Reply.FaultAsync(context, outcome switch
        {
            DirectOutcome.Barred kept => new Fault(403, barred, CtiRules.Words(kept.Code)),
            DirectOutcome.Wait wait => Fault.Wait(wait.For),
            DirectOutcome.Refused no => refused(no.Code),
            _ => down ?? Fault.Later,
        });
    }
}
