using Gatehouse.Credentials;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.Steps;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Portal;

/// <summary>What the sign-in page does next.</summary>
/// <param name="Done">The browser is on its way; there is no page to send.</param>
/// <param name="Status">Status of the form.</param>
/// <param name="Title">Name of the provider whose ticket did not do; null where there is nothing to tell.</param>
public readonly record struct DoorAnswer(bool Done, int Status = 200, string? Title = null);

/// <summary>The sign-in page's door for tickets (RFC 4559): a 401 once for each sign-in, whose body is the form itself. A browser that has a ticket sends it and never shows the form; one that has none shows it, without a script and without a loop.</summary>
public sealed class TicketDoor(Upstreams upstreams, UpstreamStep step, Interactions interactions, Browser browser, Issuers issuers)
{
    /// <summary>Whether browsers at this address are asked for tickets.</summary>
    public bool IsOpen(HttpContext context, Realm realm) => upstreams.TicketAskers(realm.Name).Any(one => one.Asks.Asks(context.Connection.RemoteIpAddress));

    /// <summary>Asks, or takes what the browser sent.</summary>
    public async Task<DoorAnswer> PassAsync(HttpContext context, Realm realm, Interaction interaction, Session? session, string back)
    {
        if (AskersOf(context, realm, interaction) is not { Count: > 0 } askers) return new DoorAnswer(false);
        if (Finder.FindNegotiate(context.Request.Headers) is not { } ticket)
        {
            if (interaction.TicketAsked) return new DoorAnswer(false);
            await interactions.ChangeAsync(interaction with { TicketAsked = true }, context.RequestAborted);
            context.Response.Headers.WWWAuthenticate = "Negotiate";
            return new DoorAnswer(false, 401);
        }

        var (outcome, answer) = await step.AcceptAsync(realm, interaction, askers, ticket, browser.OriginOf(context, realm.Name, ""), session, context.RequestAborted);
        if (outcome is not UpstreamOutcome.Not && answer is not null) context.Response.Headers.WWWAuthenticate = "Negotiate " + answer;
        switch (outcome)
        {
            case UpstreamOutcome.In arrived:
                Cookie.Write(context.Response, realm.Name, arrived.Cookie, issuers.IsTls);
                browser.Remember(context, realm.Name, arrived.User.Username);
                Onward.Go(context, SignInPage.Resume(interaction));
                return new DoorAnswer(true);
            case UpstreamOutcome.Prove prove:
                Onward.Go(context, Interactions.SignInPath(prove.Interaction, back));
                return new DoorAnswer(true);
            case UpstreamOutcome.Not not:
                // The form, and not asked again: no browser goes round in a circle.
                return new DoorAnswer(false, 403, not.Title);
            default:
                throw new InvalidOperationException("A ticket sends nobody elsewhere.");
        }
    }

    // Whoever must prove anew who they are is not signed in by a ticket of this morning. A provider that the application names is asked wherever the browser is; where it names another, none is.
    private IReadOnlyList<(Upstream Upstream, IAsksForTickets Asks)> AskersOf(HttpContext context, Realm realm, Interaction interaction)
    {
        if (interaction.Fresh || interaction.Pending is not null) return [];
        var all = upstreams.TicketAskers(realm.Name);
        if (interaction.UpstreamHint is { } hint && upstreams.Find(realm.Name, hint) is { Enabled: true }) return [.. all.Where(one => one.Upstream.Alias == hint)];
        return [.. all.Where(one => one.Asks.Asks(context.Connection.RemoteIpAddress))];
    }
}
