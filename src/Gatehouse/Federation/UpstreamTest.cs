using Gatehouse.Terms;

namespace Gatehouse.Federation;

/// <summary>"Test this provider": asks it as a sign-in would, changes nothing, and tells each hop, what it said of the person, and what the mapping would make of it.</summary>
/// <param name="Trace">Hop by hop.</param>
/// <param name="Finding">What was found; null when only the way was looked at.</param>
/// <param name="Mapped">What the mapping makes of the person; null when there is none.</param>
/// <param name="Down">Why it does not serve; null when it does.</param>
public sealed record UpstreamTest(Trace Trace, Finding? Finding, Mapped? Mapped, string? Down)
{
    /// <summary>Runs it; with a user name and password for kinds that check passwords.</summary>
    public static async Task<UpstreamTest> RunAsync(IUpstream live, Upstream upstream, string? username, Secret? password, CancellationToken stop)
    {
        var trace = new Trace();
        if (await live.ProbeAsync(trace, stop) is { } not) return new UpstreamTest(trace, null, null, not.Detail);
        if (username is null || live is not IChecksPasswords checks) return new UpstreamTest(trace, null, null, null);
        var finding = await checks.CheckAsync(username, password ?? new Secret(""), trace, stop);
        return new UpstreamTest(trace, finding, finding is Finding.Known known ? Mapped.Of(upstream.Mapping, known.Identity) : null, (finding as Finding.Unavailable)?.Detail);
    }
}
