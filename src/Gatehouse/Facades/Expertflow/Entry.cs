using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Facades.Expertflow;

/// <summary>One person's way through the door: the vendor's conditions, then the second factor where it is on. Half way, <see cref="Half"/> is who proved the first factor.</summary>
internal sealed class Entry
{
    private Entry(EntryRules rules) => Rules = rules;

    /// <summary>Rules for the sign-in.</summary>
    public EntryRules Rules { get; private set; }

    /// <summary>Who proved the first factor, and is asked for the second.</summary>
    public User? Half { get; private set; }

    /// <summary>Where the codes of the person come from whose code was refused: a registered factor goes before the one of the settings.</summary>
    public string? FactorChannel { get; private set; }

    /// <summary>Asks for the second factor after the first: everybody, or (not <paramref name="always"/>) those who confirmed one. With <paramref name="code"/>, it is tried there.</summary>
    public static Entry Of(EntryRules rules, EntryCheck check, SecondFactor second, bool always, string? code, Origin origin)
    {
        var entry = new Entry(rules);
        entry.Rules = rules with
        {
            Codes = [.. rules.Codes, OneTimeFault.Wanted, OneTimeFault.Wrong, OneTimeFault.Wait, OneTimeFault.None], Half = OneTimeFault.Wanted, AsksSecondFactor = true, MoreMethods = code is null ? [] : ["otp", "mfa"],
            BarAlso = async (user, stop) =>
            {
                if (await check.BarAsync(user, stop) is { } barred) return barred;
                if (!always && !await second.IsConfirmedAsync(user, stop)) return code is null ? null : OneTimeFault.None;
                if (code is not null)
                {
                    var refused = await second.CheckAsync(user, code, origin with { Rules = rules }, stop);
                    if (refused is not null) entry.FactorChannel = await second.ChannelOfAsync(user, stop);
                    return refused;
                }

                entry.Half = user;
                return OneTimeFault.Wanted;
            },
        };
        return entry;
    }
}
