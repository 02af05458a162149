using System.Text;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn.OneTime;

/// <summary>Second factors at rest: secrets and numbers sealed, codes as keyed hashes, each step and each code counted once, whatever the node.</summary>
public sealed class OneTimeStore(Database database, Sealer sealer, TimeProvider time, IOptions<OneTimeSettings> options)
{
    private const string Purpose = "second factor";
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly OneTimeSettings settings = options.Value;

    /// <summary>A person's factor; null when there is none.</summary>
    public async Task<Factor?> FindAsync(string realm, string user, CancellationToken stop)
    {
        var row = await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Row>("select channel, secret, confirmed, made_at as MadeAt, last_step as LastStep from one_time_factors where realm = @realm and user_id = @user", new { realm, user }), stop);
        return row is null ? null : Open(realm, user, row);
    }

    /// <summary>Puts a factor that is not confirmed yet in place of another such; false when one is confirmed. The wrong tries go on counting.</summary>
    public Task<bool> PutAsync(string realm, string user, string channel, byte[] value, CancellationToken stop)
    {
        var row = new { realm, user, channel, secret = Convert.ToBase64String(sealer.Seal($"{Purpose}/{realm}/{user}", value)), phone = channel == Channel.Sms ? PhoneHash(realm, Encoding.UTF8.GetString(value)) : "", now = Now };
        return database.WriteAsync(async work => await work.Connection.ExecuteAsync("""
            insert into one_time_factors (realm, user_id, channel, secret, phone_hash, confirmed, made_at, last_step, wrong, wrong_at) values (@realm, @user, @channel, @secret, @phone, 0, @now, 0, 0, 0)
            on conflict (realm, user_id) do update set channel = excluded.channel, secret = excluded.secret, phone_hash = excluded.phone_hash, made_at = excluded.made_at, last_step = 0 where one_time_factors.confirmed = 0
            """, row, work.Transaction) == 1, stop);
    }

    /// <summary>Takes a person's factor and codes away. False when there was none.</summary>
    public async Task<bool> ForgetAsync(Work work, string realm, string user)
    {
        foreach (var table in (string[])["one_time_codes", "one_time_pending"])
            await work.Connection.ExecuteAsync($"delete from {table} where realm = @realm and user_id = @user", new { realm, user }, work.Transaction);
        return await work.Connection.ExecuteAsync("delete from one_time_factors where realm = @realm and user_id = @user", new { realm, user }, work.Transaction) == 1;
    }

    /// <summary>Takes all of a realm away.</summary>
    public async Task RemoveAllAsync(Work work, string realm)
    {
        foreach (var table in (string[])["one_time_codes", "one_time_factors", "one_time_sends", "one_time_pending"])
            await work.Connection.ExecuteAsync($"delete from {table} where realm = @realm", new { realm }, work.Transaction);
    }

    /// <summary>Makes a code the one that counts, unless too much was sent: then how long to wait. The one before counts no more.</summary>
    public Task<TimeSpan?> IssueAsync(string realm, string user, string phone, string network, string code, CancellationToken stop) => database.WriteAsync(async work =>
    {
        // Two requests at once must not both find room for the last message.
        await work.OneAtATimeAsync();
        var (now, hour) = (Now, Now - (long)Hour.TotalMilliseconds);
        string[] subjects = [$"user {user}", $"phone {PhoneHash(realm, phone)}", $"network {network}"];
        foreach (var (subject, most) in subjects.Zip([settings.PerHour, settings.PerHour, settings.PerHourOfNetwork]))
        {
            var sent = (await work.Connection.QueryAsync<long>("select at from one_time_sends where realm = @realm and subject = @subject and at > @hour order by at", new { realm, subject, hour }, work.Transaction)).AsList();
            if (subject == subjects[0] && sent.Count > 0 && sent[^1] + (long)settings.Cooldown.TotalMilliseconds is var free && free > now) return TimeSpan.FromMilliseconds(free - now);
            if (sent.Count >= most) return TimeSpan.FromMilliseconds(sent[sent.Count - most] + (long)Hour.TotalMilliseconds - now);
        }

        foreach (var subject in subjects) await work.Connection.ExecuteAsync("insert into one_time_sends (id, realm, subject, at) values (@id, @realm, @subject, @now)", new { id = Guid.NewGuid().ToString(), realm, subject, now }, work.Transaction);
        await work.Connection.ExecuteAsync("""
            insert into one_time_codes (realm, user_id, hash, ends_at) values (@realm, @user, @hash, @ends)
            on conflict (realm, user_id) do update set hash = excluded.hash, ends_at = excluded.ends_at
            """, new { realm, user, hash = CodeHash(realm, user, phone, code), ends = now + (long)settings.Life.TotalMilliseconds }, work.Transaction);
        return (TimeSpan?)null;
    }, stop);

    /// <summary>Takes a code that could not be sent out of use; what was counted stays counted.</summary>
    public Task VoidAsync(string realm, string user, CancellationToken stop) => database.WriteAsync(work => work.Connection.ExecuteAsync("delete from one_time_codes where realm = @realm and user_id = @user", new { realm, user }, work.Transaction), stop);

    /// <summary>Tries a code: null when it is right, and it counts no more; else one of <see cref="OneTimeFault"/>'s. The try is counted before the code is looked at.</summary>
    public Task<string?> TryAsync(string realm, string user, string code, CancellationToken stop) => database.WriteAsync(async work =>
    {
        var now = Now;
        var at = new { realm, user, now, window = now - (long)Window.TotalMilliseconds, hour = now - (long)Hour.TotalMilliseconds, hours = now - (4 * (long)Hour.TotalMilliseconds), tries = settings.Tries };

        // The update holds the row to the end of the transaction, so that tries of one person come one after another. Only a right code sets the count back: whoever has the password and guesses on for days waits longer each time,
        // and comes to thirty tries a day instead of five hundred.
        var counted = await work.Connection.ExecuteAsync("""
            update one_time_factors set wrong = wrong + 1, wrong_at = @now
            where realm = @realm and user_id = @user and (wrong = 0 or wrong % @tries <> 0 or wrong_at < case when wrong < 3 * @tries then @window when wrong < 4 * @tries then @hour else @hours end)
            """, at, work.Transaction);
        var row = await work.Connection.QuerySingleOrDefaultAsync<Row>("select channel, secret, confirmed, made_at as MadeAt, last_step as LastStep, wrong from one_time_factors where realm = @realm and user_id = @user", at, work.Transaction);
        if (row is null) return OneTimeFault.None;
        if (counted == 0) return OneTimeFault.Wait;
        var factor = Open(realm, user, row);
        long? step = null;
        bool right;
        if (factor.Channel == Channel.App)
        {
            step = Totp.StepOf(factor.Value, code, time.GetUtcNow());

            // RFC 6238, 5.2: a step counts once, and no earlier one after it.
            right = step > row.LastStep;
        }
        else right = await work.Connection.ExecuteAsync("delete from one_time_codes where realm = @realm and user_id = @user and hash = @hash and ends_at > @now", new { realm, user, hash = CodeHash(realm, user, factor.Phone, code), now = Now }, work.Transaction) == 1;
        if (right) await work.Connection.ExecuteAsync("update one_time_factors set confirmed = 1, wrong = 0, last_step = @step where realm = @realm and user_id = @user", new { realm, user, step = step ?? 0 }, work.Transaction);
        else if (row.Wrong % settings.Tries == 0) await work.Connection.ExecuteAsync("delete from one_time_codes where realm = @realm and user_id = @user", at, work.Transaction);
        // Whoever remembers that a password alone was enough must hear of it.
        if (right && row.Confirmed == 0) await work.AnnounceAsync(new Change("user", realm, user, "factor"));
        return right ? null : OneTimeFault.Wrong;
    }, stop);

    /// <summary>Notes that somebody proved the first factor from a network just now.</summary>
    public Task NotePendingAsync(string realm, string user, string network, CancellationToken stop) => database.WriteAsync(work => work.Connection.ExecuteAsync("""
        insert into one_time_pending (realm, user_id, network, ends_at) values (@realm, @user, @network, @ends)
        on conflict (realm, user_id, network) do update set ends_at = excluded.ends_at
        """, new { realm, user, network, ends = Now + (long)settings.Patience.TotalMilliseconds }, work.Transaction), stop);

    /// <summary>Whether somebody proved the first factor from that network a moment ago.</summary>
    public async Task<bool> IsPendingAsync(string realm, string user, string network, CancellationToken stop)
        => await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select count(*) from one_time_pending where realm = @realm and user_id = @user and network = @network and ends_at > @now", new { realm, user, network, now = Now }), stop) > 0;

    /// <summary>Who of those has this phone; nobody when it is more than one, since a message would go to whom nobody named.</summary>
    public async Task<string?> PendingOfPhoneAsync(string realm, string phone, string network, CancellationToken stop)
    {
        var found = (await database.ReadAsync(connection => connection.QueryAsync<string>("""
            select f.user_id from one_time_factors f join one_time_pending p on p.realm = f.realm and p.user_id = f.user_id
            where f.realm = @realm and f.phone_hash = @hash and p.network = @network and p.ends_at > @now limit 2
            """, new { realm, hash = PhoneHash(realm, phone), network, now = Now }), stop)).AsList();
        return found.Count == 1 ? found[0] : null;
    }

    /// <summary>The first factor was used up by a sign-in.</summary>
    public Task DonePendingAsync(string realm, string user, CancellationToken stop) => database.WriteAsync(work => work.Connection.ExecuteAsync("delete from one_time_pending where realm = @realm and user_id = @user", new { realm, user }, work.Transaction), stop);

    internal async Task<int> PruneAsync(CancellationToken stop)
    {
        var hour = Now - (long)Hour.TotalMilliseconds;
        return await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from one_time_sends where id in (select id from one_time_sends where at < @hour limit 1000)", new { hour }, work.Transaction), 1000, stop)
            + await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from one_time_pending where (realm, user_id, network) in (select realm, user_id, network from one_time_pending where ends_at < @Now limit 1000)", new { work.Now }, work.Transaction), 1000, stop)
            + await database.WriteAsync(work => work.Connection.ExecuteAsync("delete from one_time_codes where ends_at < @Now", new { work.Now }, work.Transaction), stop);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private Factor Open(string realm, string user, Row row)
        => sealer.TryOpen($"{Purpose}/{realm}/{user}", Convert.FromBase64String(row.Secret), out var value) ? new Factor(row.Channel, value, row.Confirmed == 1, DateTimeOffset.FromUnixTimeMilliseconds(row.MadeAt)) : throw new InvalidOperationException("A stored second factor cannot be opened: it was sealed for somebody else, or altered.");

    private string PhoneHash(string realm, string phone) => Convert.ToHexStringLower(sealer.Hash("phone", Encoding.UTF8.GetBytes($"{realm}\n{phone}")));

    // Bound to person and number: a code that was sent to a number which was replaced since does not confirm the new one.
    private string CodeHash(string realm, string user, string phone, string code) => Convert.ToHexStringLower(sealer.Hash("one-time code", Encoding.UTF8.GetBytes($"{realm}\n{user}\n{phone}\n{code}")));

    private sealed class Row
    {
        public string Channel { get; init; } = "";

        public string Secret { get; init; } = "";

        public long Confirmed { get; init; }

        public long MadeAt { get; init; }

        public long LastStep { get; init; }

        public long Wrong { get; init; }
    }
}
