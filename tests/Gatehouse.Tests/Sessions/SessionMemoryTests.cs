using Gatehouse.Sessions;
using Xunit;

namespace Gatehouse.Tests.Sessions;

public sealed class SessionMemoryTests
{
    [Fact]
    public void A_use_that_was_looked_at_before_a_change_brings_nothing_old_back()
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        var before = new Session { Id = "s", Realm = "r", User = "u", AuthenticatedAt = now, EndsAt = now.AddHours(10), IdleEndsAt = now.AddMinutes(30) };
        var memory = new SessionMemory();
        memory.Keep(before, "cookie", memory.Age);

        // Somebody used it; while that was reckoned, the session took a seat, proved itself again, and was read anew.
        var used = before with { LastUsedAt = now.AddMinutes(2), IdleEndsAt = now.AddMinutes(32) };
        memory.Forget("r", "s");
        memory.Keep(before with { Extension = "1001", AuthenticatedAt = now.AddMinutes(1), Level = "2" }, "next", memory.Age);
        memory.Move(used);
        var held = memory.ById("r", "s")!;
        Assert.Equal(("1001", "2", now.AddMinutes(1), now.AddMinutes(2), now.AddMinutes(32)), (held.Extension, held.Level, held.AuthenticatedAt, held.LastUsedAt, held.IdleEndsAt));
        Assert.Same(held, memory.ByCookie("next"));
        Assert.Null(memory.ByCookie("cookie"));
    }
}
