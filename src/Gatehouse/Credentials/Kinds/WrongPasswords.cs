using System.Collections.Concurrent;
using Gatehouse.Terms;

namespace Gatehouse.Credentials.Kinds;

/// <summary>Wrong passwords of the last seconds, so that a program with an old one costs a hash now and then instead of one for each request. Few and short; any change of a user empties it, since a wrong one may be right then.</summary>
public sealed class WrongPasswords(KnownPasswords known)
{
    private const int Most = 4096;
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(5);
    private static readonly Verdict.Rejected Refused = new(Reasons.CredentialPassword);

    private readonly ConcurrentDictionary<PasswordMark, (DateTimeOffset Until, long Heard)> wrong = new();

    /// <summary>The refusal of a moment ago; null when there is none that counts.</summary>
    internal Verdict.Rejected? Find(PasswordMark mark, DateTimeOffset now)
        => wrong.TryGetValue(mark, out var one) && one.Until > now && one.Heard == known.Heard ? Refused : null;

    /// <summary>Remembers one that was found wrong; <paramref name="heard"/> is the number of changes before it was looked at.</summary>
    internal Verdict.Rejected Keep(PasswordMark mark, DateTimeOffset now, long heard)
    {
        if (wrong.Count >= Most) wrong.Clear();
        wrong[mark] = (now + RefusedFor, heard);
        return Refused;
    }
}
