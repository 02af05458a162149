using System.Threading.Channels;
using Gatehouse.Outbound;
using Gatehouse.Sessions;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Cas;

/// <summary>Tells applications that a session has ended, by the protocol's single logout (2.3.3): a message to each service address with its ticket. Beside requests; an application that does not answer is not asked again.</summary>
internal sealed class EndedSessions(SessionStore sessions, Tickets tickets, OutboundHttp http, TimeProvider time, ILogger<EndedSessions> logger) : BackgroundService
{
    private readonly Channel<(string Realm, string Session)> ended = Channel.CreateBounded<(string, string)>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        sessions.OnEnded((realm, session) => ended.Writer.TryWrite((realm, session)));
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var (realm, session) in ended.Reader.ReadAllAsync(stoppingToken)) await TellAsync(realm, session, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task TellAsync(string realm, string session, CancellationToken stop)
    {
        try
        {
            foreach (var (ticket, service) in await tickets.TakeAllAsync(realm, session, stop)) await PostAsync(ticket, service, stop);
        }
        catch (Exception wrong) when (wrong is System.Data.Common.DbException or Storage.StorageFault)
        {
            logger.LogWarning("Applications that speak CAS could not be told of an ended session: {Message}", wrong.Message);
        }
    }

    private async Task PostAsync(string ticket, string service, CancellationToken stop)
    {
        var message = new LogoutRequest { Id = SamlWriting.NewId(), IssueInstant = time.GetUtcNow(), Issuer = "gatehouse", NameId = new SamlNameId("@NOT_USED@"), SessionIndexes = [ticket] };
        using var request = new HttpRequestMessage(HttpMethod.Post, service) { Content = new FormUrlEncodedContent([new("logoutRequest", message.ToXml().ToString())]) };
        try
        {
            await http.SendAsync(request, stop);
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            logger.LogInformation("An application at {Host} could not be told of an ended session: {Message}", request.RequestUri!.Host, wrong.Message);
        }
    }
}
