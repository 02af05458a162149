using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Credentials.Kinds;

/// <summary>Keyed hash of a realm, a name and a password: known to this process alone, and gone with it.</summary>
public readonly record struct PasswordMark(UInt128 First, UInt128 Second);

/// <summary>A user of whom a password was recognised.</summary>
internal sealed class KnownPerson(string id)
{
    private volatile bool over;

    public string Id => id;

    /// <summary>Whether password, state or the user itself has changed since.</summary>
    public bool IsOver => over;

    public void End() => over = true;
}

/// <summary>A password that was proven, and what may be answered while it is believed.</summary>
internal sealed class KnownPassword
{
    private readonly KnownPasswords all;
    private readonly long age;

    public KnownPassword(KnownPasswords all, KnownPerson person, Principal principal, Rights rights, DateTimeOffset until, long age)
    {
        (this.all, this.age, Person, Rights, Until) = (all, age, person, rights, until);
        Verdict = new Verdict.Accepted(principal, until) { IsCurrent = IsCurrent };
    }

    public KnownPerson Person { get; }

    public Rights Rights { get; }

    public DateTimeOffset Until { get; }

    public Verdict.Accepted Verdict { get; }

    public bool IsCurrent() => age == all.Age && !Person.IsOver;
}

/// <summary>
/// Right passwords of the last minutes, by a keyed hash: never a password. The change feed ends those of a user whose password, state or links have changed, on every node, before the change returns on the one
/// that made it; changed rights and revocations make each be looked at anew, without a new proof. Only what was proven comes in, so that guesses push nothing out.
/// </summary>
public sealed class KnownPasswords : IDisposable
{
    private const int Most = 100_000;
    private const int MostRecent = 4096;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly ConcurrentDictionary<PasswordMark, KnownPassword> known = new();
    private readonly ConcurrentDictionary<(string Realm, string Id), KnownPerson> people = new();
    private readonly ConcurrentDictionary<(string Realm, string Id), long> recent = new();
    private readonly TimeProvider time;
    private readonly IDisposable hearing;
    private long age;
    private long heard;
    private long floor;

    /// <summary>Listens for changes. The caches of rights and users are asked for so that they hear of a change before this does.</summary>
    public KnownPasswords(ChangeFeed feed, Revocations revocations, RightsCache rights, UserCache users, TimeProvider time)
    {
        _ = (rights, users);
        this.time = time;
        hearing = feed.Subscribe(Hear);
        revocations.OnRevoked(() => Interlocked.Increment(ref age));
    }

    /// <summary>Goes up when rights have changed or something was revoked.</summary>
    internal long Age => Interlocked.Read(ref age);

    /// <summary>Goes up with each change of a user.</summary>
    internal long Heard => Interlocked.Read(ref heard);

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    /// <summary>The mark of a folded name and a password.</summary>
    internal PasswordMark MarkOf(string realm, string name, Secret password)
    {
        // None of the three has a line feed: control characters are refused before.
        var text = $"{realm}\n{name}\n{password.Reveal()}";
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        try
        {
            HMACSHA256.HashData(key, bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)), hash);
            return MemoryMarshal.Read<PasswordMark>(hash);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>What is remembered of a mark, believed still or not; null when that is nothing, or has ended.</summary>
    internal KnownPassword? Find(PasswordMark mark) => known.TryGetValue(mark, out var one) && !one.Person.IsOver ? one : null;

    /// <summary>Mark of a device for the throttle: a password that was right before and is no guess has counters of its own. Null for one that was not.</summary>
    internal string? DeviceOf(PasswordMark mark) => Find(mark) is null ? null : $"basic:{mark.First:x}";

    /// <summary>Remembers a password that was proven now. What changed while it was proven is not remembered; <paramref name="heardBefore"/> is <see cref="Heard"/> of before.</summary>
    internal KnownPassword KeepProven(PasswordMark mark, string realm, string id, Principal principal, Rights rights, DateTimeOffset until, long ageBefore, long heardBefore)
    {
        if (known.Count >= Most) Sweep();
        var person = people.GetOrAdd((realm, id), static one => new KnownPerson(one.Id));
        var kept = Keep(mark, person, principal, rights, until, ageBefore);
        // Looked at after it is put there: a change from now on ends it itself.
        if (heardBefore >= Interlocked.Read(ref floor) && !(recent.TryGetValue((realm, id), out var at) && at > heardBefore)) return kept;
        person.End();
        people.TryRemove(new KeyValuePair<(string, string), KnownPerson>((realm, id), person));
        return kept;
    }

    /// <summary>Remembers under another state of rights.</summary>
    internal KnownPassword Keep(PasswordMark mark, KnownPerson person, Principal principal, Rights rights, DateTimeOffset until, long ageBefore)
        => known[mark] = new KnownPassword(this, person, principal, rights, until, ageBefore);

    private void Hear(Change change)
    {
        switch (change)
        {
            case { Kind: "role" or "group" or "realm" }:
            case { Kind: "user", Detail: "roles" or "groups" }:
                Interlocked.Increment(ref age);
                return;
            case { Kind: "user", Subject: "" }:
                Clear();
                return;
            case { Kind: "user" }:
                var at = Interlocked.Increment(ref heard);
                if (recent.Count >= MostRecent) Forget(at);
                recent[(change.Realm, change.Subject)] = at;
                if (people.TryRemove((change.Realm, change.Subject), out var person)) person.End();
                return;
        }
    }

    private void Forget(long at)
    {
        Interlocked.Exchange(ref floor, at);
        recent.Clear();
    }

    // Those who are believed no more go first; a site that has more users than this proves them more often.
    private void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var (mark, one) in known)
            if (one.Until <= now || one.Person.IsOver) known.TryRemove(mark, out _);
        if (known.Count >= Most) Clear();
    }

    private void Clear()
    {
        Forget(Interlocked.Increment(ref heard));
        foreach (var one in people)
            if (people.TryRemove(one)) one.Value.End();
        known.Clear();
    }
}
