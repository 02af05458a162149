using Gatehouse.Clients;
using Gatehouse.Facades.Expertflow.Teams;
using Gatehouse.People;
using Gatehouse.Permissions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary>What the endpoints share: the realm and the client of the settings, the rules of the door, and the way from a sign-in to the vendor's answer by the one mint.</summary>
internal sealed class Desk(Realms realms, ClientStore clients, Issuer issuer, EntryCheck check, SecondFactor second, ITeams teams, Entitlements entitlements, Seals seals, IOptions<ExpertflowSettings> options)
{
    /// <summary>What is made at these addresses is renewed at them, and they renew nothing else.</summary>
    public const string Door = "expertflow";

    private readonly ExpertflowSettings settings = options.Value;

    /// <summary>The rules of this door.</summary>
    public EntryRules Rules => new(settings.Client, EntryCheck.Codes, _ => null, _ => settings.Expires) { BarAlso = check.BarAsync, Door = Door };

    /// <summary>Second factor that is asked for; null for none.</summary>
    public string? SecondFactor => settings.SecondFactor.Length > 0 ? settings.SecondFactor : null;

    /// <summary>A person's way in: by the rules alone, or with the second factor after the first: everybody's where the site asks for one (or <paramref name="always"/>), else theirs who confirmed one.</summary>
    public Entry Enter(string? code, Origin origin, bool always = false) => Entry.Of(Rules, check, second, always || SecondFactor is not null, code, origin);

    /// <summary>Realm and client, or what is missing, in words for whoever set it up.</summary>
    public ValueTask<(Realm? Realm, Client? Client, string? Missing)> OpenAsync(CancellationToken stop)
        => Setup.FindAsync("expertflow", realms, settings.Realm, clients, settings.Client, "token exchange", stop);

    /// <summary>Realm and client; null after it was answered what is missing.</summary>
    public async ValueTask<(Realm Realm, Client Client)?> OpenOrAnswerAsync(HttpContext context, string message)
    {
        var (realm, client, missing) = await OpenAsync(context.RequestAborted);
        if (missing is null) return (realm!, client!);
        await Reply.FaultAsync(context, new Fault(500, message, $"The facade is not set up: {missing}.") { Code = "not_set_up" });
        return null;
    }

    /// <summary>Answers a sign-in: tokens by the mint and the person, or the fault. <paramref name="refused"/> puts the codes of the proof into the vendor's words; <paramref name="channel"/> is where a refused code came from.</summary>
    public async Task AnswerAsync(HttpContext context, bool wrapped, DirectOutcome outcome, Func<string, Fault> refused, string? channel = null)
    {
        if (outcome is not DirectOutcome.In arrived)
        {
            await Reply.FaultAsync(context, outcome switch
            {
                DirectOutcome.Barred kept => OneTime.Words.Of(kept.Code, app: channel != Channel.Sms) ?? EntryCheck.Words(kept.Code),
                DirectOutcome.Wait wait => Fault.Wait(Vendor.LoginFailed, wait.For),
                DirectOutcome.Refused no => refused(no.Code),
                _ => Fault.Later(Vendor.LoginFailed),
            });
            return;
        }

        var (granted, error) = await PermittedAsync(arrived.Authorization with { WithRefresh = true }, context.RequestAborted);
        TokenSet? tokens = null;
        if (granted is not null) (tokens, error) = await issuer.MintAsync(granted, context.RequestAborted);
        if (tokens is null)
        {
            await Reply.FaultAsync(context, error!.Status >= 500 ? Fault.Later(Vendor.LoginFailed) : new Fault(401, Vendor.LoginFailed, error.Description) { Code = error.Code });
            return;
        }

        var known = await TeamsAsync(arrived.User, context.RequestAborted);
        await Reply.ObjectAsync(context, wrapped, writer =>
        {
            writer.WriteString(Vendor.Token, tokens.AccessToken);
            writer.WriteString(Vendor.RefreshTokenToo, seals.Mark(tokens.RefreshToken!));
            Person.Write(writer, arrived.Authorization.Realm, arrived.User, tokens.AccessToken, known);
        });
    }

    // Where the client has authorization settings, the token says what the person may do there (Keycloak's RPT); a renewal asks anew.
    private async ValueTask<(Authorization? Granted, OAuthError? Error)> PermittedAsync(Authorization authorization, CancellationToken stop)
        => await entitlements.FindAsync(authorization.Realm.Name, authorization.Client.ClientId, stop) is null ? (authorization, null) : await entitlements.WithPermissionsAsync(authorization, authorization.Client.ClientId, stop);

    // Where nobody needs a team, a team server that is away keeps nobody out.
    private async Task<TeamsOfPerson> TeamsAsync(User user, CancellationToken stop)
    {
        try
        {
            return await teams.OfAsync(user, stop);
        }
        catch (TeamsFault)
        {
            return TeamsOfPerson.None;
        }
    }
}
