using System.Text;

namespace Gatehouse.Forwarding;

/// <summary>The active health check: asks each address on a connection of its own, so that accepting is checked too.</summary>
internal static class Probe
{
    /// <summary>Checks until told to stop, or until a plan without a check comes.</summary>
    public static async Task RunAsync(Upstream upstream, TimeProvider time, ILogger logger, CancellationToken stop)
    {
        await Task.Yield();
        try
        {
            while (upstream.Plan.Health is { Path: not null } health)
            {
                foreach (var station in upstream.Balance.Stations)
                {
                    var failure = await AskAsync(station, upstream.Plan, time, stop);
                    if (station.Probed(failure is null))
                        LogChange(logger, upstream.Plan.Name, station.Uri, failure);
                }

                await Task.Delay(health.Interval, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The service goes away.
        }
    }

    /// <summary>Asks once: null when the answer is 2xx or 3xx in time, else what was wrong.</summary>
    private static async Task<string?> AskAsync(Station station, UpstreamPlan plan, TimeProvider time, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(plan.Health.TimeOut, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using var connection = await Dial.OpenAsync(station.Uri, plan, time, both.Token);
            await using var cut = both.Token.UnsafeRegister(static c => ((UpstreamConnection)c!).Abort(CutCause.ReadTimeout), connection);
            var head = $"GET {plan.Health.Path} HTTP/1.1\r\nHost: {station.Authority}\r\nConnection: close\r\nUser-Agent: Gatehouse-health\r\n\r\n";
            await connection.SendAsync(Encoding.ASCII.GetBytes(head));
            connection.Head.Reset();
            while (true)
            {
                switch (connection.Head.Read(connection.Unread.Span))
                {
                    case Parsed.Bad:
                        return "the answer is not HTTP";
                    case Parsed.Done:
                        return connection.Head.Status is >= 200 and < 400 ? null : $"status {connection.Head.Status}";
                }

                var count = await connection.FillAsync();
                if (count == 0) return "the connection was closed";
                connection.Filled(count);
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested && (e is ForwardException || Failures.IsNetwork(e)))
        {
            return late.IsCancellationRequested ? "no answer in time" : (e.InnerException ?? e).Message;
        }
    }

    private static void LogChange(ILogger logger, string name, Uri uri, string? failure)
    {
        if (!logger.IsEnabled(LogLevel.Warning)) return;
        if (failure is null) logger.LogWarning("Upstream {Name} {Address} is up again", name, uri);
        else logger.LogWarning("Upstream {Name} {Address} is down: {Failure}", name, uri, failure);
    }
}
