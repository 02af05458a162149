using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.Steps;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Text;

namespace Gatehouse.Portal;

/// <summary>
/// The way to an upstream and back, at the addresses that Keycloak's registrations name: <c>/realms/{realm}/broker/{alias}/login</c> and <c>/endpoint</c>. An answer by POST is kept and fetched by a redirect of our own,
/// since a browser leaves our cookies out of a form that another site posts.
/// </summary>
public sealed class BrokerPage(Entrance entrance, Interactions interactions, UpstreamStep step, Upstreams upstreams, Attempts attempts, Beginnings beginnings, UpstreamSignOut signOut, ProviderTestPage testPage, Browser browser, SignInPage signIn, Issuers issuers, ShowFault showFault, TimeProvider time, Microsoft.Extensions.Options.IOptions<FederationSettings> settings)
{
    private const int MostForm = 512 * 1024;
    private static readonly TimeSpan HeldFor = TimeSpan.FromMinutes(2);

    /// <summary>GET login: the browser leaves.</summary>
    public async Task LeaveAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var (id, back) = (context.Request.Query["i"].ToString(), context.Request.Query["back"].ToString());
        if (await interactions.FindAsync(realm.Name, id, context.RequestAborted) is not { } interaction)
        {
            Onward.Go(context, back.Length > 0 && LocalPath.IsSafe(back) ? back : $"/realms/{realm.Name}/sign-in");
            return;
        }

        // Each way there is kept as well, and one sign-in may be sent there again and again.
        beginnings.Take(realm.Name, context, 0);
        await AnswerAsync(context, realm, await step.BeginAsync(realm, interaction, AliasOf(context), id => browser.BindWay(context, realm.Name, id), context.Request.Query["hint"], await entrance.SessionAsync(context, realm), context.RequestAborted), back);
    }

    /// <summary>GET and POST endpoint: the browser comes back.</summary>
    public async Task ReturnAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        if (HttpMethods.IsPost(context.Request.Method))
        {
            await TakeAsync(context, realm);
            return;
        }

        if (Read(context.Request.Query) is not { } query)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, null);
            return;
        }

        var returned = new Returned(query, new Dictionary<string, string>(), context.Request.QueryString.Value is { Length: > 1 } raw ? raw[1..] : "")
        {
            Certificates = context.Connection.ClientCertificate is { } shown ? [shown.RawData] : [],
            ProxyCertificates = context.Request.Headers["Client-Cert"] is [var leaf] && ClientCertHeader.TryRead(leaf, out var der) && ClientCertHeader.ReadChain(context.Request.Headers["Client-Cert-Chain"]) is { } chain ? [der, .. chain] : [],
        };
        if (query.TryGetValue("held", out var held) && query.Count == 1)
        {
            if (await attempts.TakeAsync(realm.Name, held, context.RequestAborted) is not { } kept || kept.Alias != AliasOf(context) || kept.Interaction != Holding)
            {
                await signIn.LostAsync(context, realm, AliasOf(context));
                return;
            }

            returned = new Returned(new Dictionary<string, string>(), kept.Kept, "");
        }

        if (returned.Query.ContainsKey("SAMLRequest"))
        {
            await HearAsync(context, realm, returned);
            return;
        }

        var session = await entrance.SessionAsync(context, realm);
        var state = returned["state"] ?? returned["RelayState"] ?? "";
        var outcome = await step.FinishAsync(realm, AliasOf(context), state, returned, browser.WayOf(context, realm.Name, state), browser.OriginOf(context, realm.Name, ""), () => session, context.RequestAborted);
        await AnswerAsync(context, realm, outcome, "");
    }

    private const string Holding = "held answer";

    private async Task TakeAsync(HttpContext context, Realm realm)
    {
        // Repeated fields are refused: the one that is checked must be the one that is used.
        if (upstreams.Find(realm.Name, AliasOf(context)) is not { Enabled: true } || await PageForm.ReadAsync(context, MostForm) is not { } form)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, null);
            return;
        }

        var returned = new Returned(new Dictionary<string, string>(), form.All, "");
        if (form["SAMLRequest"] is not null || form["logoutRequest"] is not null)
        {
            await HearAsync(context, realm, returned);
            return;
        }

        // One answer for each way that was begun: strangers cannot fill the store.
        var state = form["state"] ?? form["RelayState"] ?? "";
        if (!await attempts.IsOpenAsync(realm.Name, state, context.RequestAborted))
        {
            if (form["SAMLResponse"] is not null && upstreams.Find(realm.Name, AliasOf(context)) is { } known && upstreams.Open(known).Upstream is IStartsSignIns { StartsSignIns: true })
            {
                await AnswerAsync(context, realm, await step.FinishUnaskedAsync(realm, known.Alias, returned, browser.OriginOf(context, realm.Name, ""), context.RequestAborted), "");
                return;
            }

            await signIn.LostAsync(context, realm, AliasOf(context));
            return;
        }

        var kept = new Attempt { Id = browser.AnswerOf(state), Realm = realm.Name, Alias = AliasOf(context), Interaction = Holding, Browser = "", ReturnAddress = "", Kept = new Dictionary<string, string>(returned.Form), EndsAt = time.GetUtcNow() + HeldFor };
        await attempts.KeepAsync(kept, context.RequestAborted);
        Onward.Go(context, $"/realms/{realm.Name}/broker/{kept.Alias}/endpoint?held={kept.Id}");
    }

    private async Task AnswerAsync(HttpContext context, Realm realm, UpstreamOutcome outcome, string back)
    {
        switch (outcome)
        {
            case UpstreamOutcome.Go { Going: { Fields: null } going }:
                Onward.Go(context, going.Address.AbsoluteUri);
                break;
            case UpstreamOutcome.Go { Going: var form }:
                await PostOnAsync(context, form);
                break;
            case UpstreamOutcome.In arrived:
                Cookie.Write(context.Response, realm.Name, arrived.Cookie, issuers.IsTls);
                browser.Remember(context, realm.Name, arrived.User.Username);
                Onward.Go(context, Home(context, arrived.Interaction is { } finished ? SignInPage.Resume(finished) : arrived.Target));
                break;
            case UpstreamOutcome.Tested tested:
                await testPage.ShowAsync(context, realm, tested);
                break;
            case UpstreamOutcome.Onward onward:
                Onward.Go(context, onward.Address);
                break;
            case UpstreamOutcome.Prove prove:
                Onward.Go(context, Home(context, Interactions.SignInPath(prove.Interaction, back)));
                break;
            case UpstreamOutcome.Not { Interaction: { } interaction } not:
                await signIn.TellAsync(context, realm, interaction, not.Words, not.Title);
                break;
            case UpstreamOutcome.Not not:
                await signIn.LostAsync(context, realm, not.Title);
                break;
        }
    }

    /// <summary>GET test: an administrator, or whoever was given the key, tries the way there and back.</summary>
    public async Task TestAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        await AnswerAsync(context, realm, await step.BeginTestAsync(realm, AliasOf(context), context.Request.Query["key"].ToString(), id => browser.BindWay(context, realm.Name, id), context.RequestAborted), "");
    }

    /// <summary>GET sign-out: the browser, signed out here, leaves to sign out there.</summary>
    public async Task SignOutAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        switch (await signOut.LeaveAsync(realm.Name, AliasOf(context), context.Request.Query["way"].ToString(), context.RequestAborted))
        {
            case ({ Fields: null } going, _): Onward.Go(context, going.Address.AbsoluteUri); break;
            case ({ } form, _): await PostOnAsync(context, form); break;
            case (_, { } after): Onward.Go(context, after); break;
            default: Onward.Go(context, $"/realms/{realm.Name}/signed-out"); break;
        }
    }

    /// <summary>GET endpoint/descriptor: who we are, for the provider's administrator.</summary>
    public async Task DescribeAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        if (upstreams.Find(realm.Name, AliasOf(context)) is not { Enabled: true } upstream || upstreams.Open(upstream).Upstream is not IPublishesMetadata publishes)
        {
            await showFault(context, realm.Name, Reasons.NotFound, null);
            return;
        }

        context.Response.ContentType = "application/samlmetadata+xml";
        await context.Response.Body.WriteAsync(await publishes.MetadataAsync(context.RequestAborted), context.RequestAborted);
    }

    private async Task HearAsync(HttpContext context, Realm realm, Returned returned)
    {
        var (answer, fault) = await signOut.HearAsync(realm, AliasOf(context), returned, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted);
        if (fault is not null) await showFault(context, realm.Name, Reasons.RequestInvalid, fault);
        else if (answer is null) context.Response.StatusCode = 204;
        else if (answer.Fields is null) Onward.Go(context, answer.Address.AbsoluteUri);
        else await PostOnAsync(context, answer);
    }

    private static Task PostOnAsync(HttpContext context, Going going) => OnwardForm.SendAsync(context, going.Address.AbsoluteUri, going.Fields!.Select(one => (one.Key, one.Value)));

    // From the address where certificates are asked for, back to the usual one.
    private string Home(HttpContext context, string path)
        => settings.Value.CertificateUrl is { } url && Uri.TryCreate(url, UriKind.Absolute, out var at) && context.Request.Host.Value == at.Authority ? issuers.PublicUrl.TrimEnd('/') + path : path;

    private static string AliasOf(HttpContext context) => (string)context.Request.RouteValues["alias"]!;

    // Repeated parameters are refused: the one that is checked must be the one that is used.
    private static Dictionary<string, string>? Read(IQueryCollection query)
        => query.Any(one => one.Value.Count != 1 || one.Key.Length > 64) ? null : query.ToDictionary(one => one.Key, one => one.Value.ToString());
}
