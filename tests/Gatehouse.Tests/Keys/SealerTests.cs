using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Keys;
using Xunit;

namespace Gatehouse.Tests.Keys;

public sealed class SealerTests
{
    private readonly Sealer sealer = New('a');

    [Fact]
    public void Opens_what_it_sealed_and_never_seals_alike()
        => Prop.ForAll<byte[]>(plain =>
        {
            var made = sealer.Seal("p", plain);
            return sealer.TryOpen("p", made, out var opened) && opened.AsSpan().SequenceEqual(plain) && !made.AsSpan().SequenceEqual(sealer.Seal("p", plain));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_changed_bit_any_cut_and_any_other_purpose_or_root_is_refused()
    {
        var made = sealer.Seal("p", "secret"u8);
        for (var i = 0; i < made.Length * 8; i++)
        {
            var changed = made.ToArray();
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.False(sealer.TryOpen("p", changed, out var plain));
            Assert.Empty(plain);
        }

        for (var length = 0; length < made.Length; length++) Assert.False(sealer.TryOpen("p", made.AsSpan(0, length), out _));
        Assert.False(sealer.TryOpen("q", made, out _));
        Assert.False(New('b').TryOpen("p", made, out _));
    }

    [Fact]
    public void Hashes_differ_by_purpose_root_and_value_and_are_no_seal_keys()
    {
        byte[][] hashes = [sealer.Hash("p", "v"u8), sealer.Hash("q", "v"u8), sealer.Hash("p", "w"u8), New('b').Hash("p", "v"u8)];
        Assert.Equal(4, hashes.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(sealer.Hash("p", "v"u8), New('a').Hash("p", "v"u8));
    }

    private static Sealer New(char digit)
    {
        Environment.SetEnvironmentVariable($"GATEHOUSE_TEST_ROOT_{digit}", new string(digit, 64));
        return new Sealer(RootKey.Load(new KeysSettings { Variable = $"GATEHOUSE_TEST_ROOT_{digit}" }, ""));
    }
}
