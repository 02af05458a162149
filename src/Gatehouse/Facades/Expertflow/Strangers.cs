using System.Collections.Concurrent;
using Gatehouse.Audit;
using Gatehouse.SignIn;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary>Notes what anybody may post and no client of the vendor's does: of one code and network the first twenty of a minute, so that a flood fills no audit log. What was sent is not kept.</summary>
internal sealed class Strangers(AuditLog audit, TimeProvider time, IOptions<ExpertflowSettings> options)
{
    private const int OneByOne = 20;
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<(string Code, string Network), (long Minute, int Count)> seen = new();

    public void Note(HttpContext context, string code)
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        if (seen.Count >= Most) seen.Clear();
        if (seen.AddOrUpdate((code, Guard.NetworkOf(context.Connection.RemoteIpAddress)), (minute, 1), (_, one) => one.Minute == minute ? (minute, one.Count + 1) : (minute, 1)).Count > OneByOne) return;
        audit.Note(new AuditEvent
        {
            Realm = options.Value.Realm, Type = "LOGIN_ERROR", Client = options.Value.Client, Address = context.Connection.RemoteIpAddress?.ToString(), Error = code, Details = new Dictionary<string, string> { ["path"] = context.Request.Path.Value ?? "" },
        });
    }
}
