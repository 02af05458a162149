using System.Globalization;
using Gatehouse.Audit;
using Gatehouse.Terms;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn;

/// <summary>
/// Bounds what strangers leave behind by beginning sign-ins that they never finish: each network (/24, /56) has a stock of beginnings that fills up again slowly. The stock fits a site of thousands behind one address that opens
/// all its tabs at once; what it lets through in the life of a sign-in fits the disk. Counted on each node by itself.
/// </summary>
public sealed class Beginnings(IOptions<SignInSettings> settings, AuditLog audit, TimeProvider time)
{
    /// <summary>Most bytes of one.</summary>
    public const int MostBytes = 32 * 1024;

    // One that is larger than most counts for several.
    private const int BytesEach = 4096;

    private readonly Generations<string, Stock> stocks = new(20_000);

    /// <summary>Takes one of <paramref name="bytes"/> from what the request's network has left. Throws <see cref="BeginningRefused"/> when nothing is left, or it is too large.</summary>
    public void Take(string realm, HttpContext context, int bytes) => Take(realm, Guard.NetworkOf(context.Connection.RemoteIpAddress), context.Connection.RemoteIpAddress?.ToString(), bytes);

    /// <summary>Takes one from what a network has left; <paramref name="address"/> is for the audit log.</summary>
    public void Take(string realm, string network, string? address, int bytes)
    {
        if (bytes > MostBytes) throw new BeginningRefused(Reasons.RequestLarge, TimeSpan.Zero);
        var wait = stocks.FindOrKeep(network, _ => new Stock(settings.Value.Beginnings, time.GetTimestamp())).Take(1 + bytes / BytesEach, settings.Value, time);
        if (wait == TimeSpan.Zero) return;
        audit.NoteRefusal(new AuditEvent { Realm = realm, Type = "LOGIN_ERROR", Address = address, Error = Reasons.SignInCrowded.Code, Details = new Dictionary<string, string> { ["reason"] = Reasons.SignInCrowded.Title } });
        throw new BeginningRefused(Reasons.SignInCrowded, wait);
    }

    private sealed class Stock(double full, long now)
    {
        private readonly Lock turn = new();
        private double left = full;
        private long at = now;

        // Zero when it was taken, else how long until there is enough.
        public TimeSpan Take(int cost, SignInSettings settings, TimeProvider time)
        {
            lock (turn)
            {
                var then = at;
                at = time.GetTimestamp();
                left = Math.Min(settings.Beginnings, left + time.GetElapsedTime(then, at).TotalMinutes * settings.BeginningsPerMinute);
                if (left < cost) return TimeSpan.FromMinutes((cost - left) / settings.BeginningsPerMinute);
                left -= cost;
                return TimeSpan.Zero;
            }
        }
    }
}

/// <summary>A sign-in was not begun. Whoever has no form of its own for that lets it pass: the house answers with a page.</summary>
/// <param name="reason">Why, with the status.</param>
/// <param name="wait">After which it may be tried again; zero when that is of no use.</param>
public sealed class BeginningRefused(Reason reason, TimeSpan wait) : Exception(reason.Title)
{
    /// <summary>Why.</summary>
    public Reason Reason => reason;

    /// <summary>Writes status and Retry-After.</summary>
    public void Write(HttpResponse response)
    {
        response.StatusCode = reason.Status;
        if (wait > TimeSpan.Zero) response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
    }
}
