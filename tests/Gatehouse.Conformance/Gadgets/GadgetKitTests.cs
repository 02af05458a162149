using System.IO.Compression;
using System.Runtime.CompilerServices;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Gadgets;

/// <summary>The gadgets' package: built strictly from its lock file, held to its own tests (forged messages, one renewal for many tabs), its size, and the copy that the program serves.</summary>
public sealed class GadgetKitTests(GadgetKit kit) : IClassFixture<GadgetKit>
{
    [Fact]
    public async Task It_passes_its_tests()
    {
        var (code, output) = await kit.RunAsync("npm", "test");
        Assert.True(code == 0, output);
        Assert.Contains("three tabs renew once", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bundle_is_small_and_the_program_serves_it()
    {
        var built = File.ReadAllBytes(Path.Combine(kit.Folder, "dist/gadget.min.js"));
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) zip.Write(built);
        Assert.True(packed.Length < 10 * 1024, $"{packed.Length} bytes");
        Assert.True(built.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Root(), "src/Gatehouse/Facades/Gadgets/Assets/gadget.js"))), "Assets/gadget.js is stale: cd clients/gadget && npm run build && cp dist/gadget.min.js ../../src/Gatehouse/Facades/Gadgets/Assets/gadget.js");
    }

    [Fact]
    public async Task Its_package_is_whole()
    {
        var (code, output) = await kit.AsStrangerAsync("""
            import { readFileSync } from 'node:fs';
            import { getAuthHeaderString, GadgetHost, Renewal } from '@gatehouse/gadget';
            import * as bundle from '@gatehouse/gadget/bundle';
            console.log(getAuthHeaderString({ systemAuthMode: 'SSO', authToken: 'one' }), typeof GadgetHost, typeof Renewal, typeof bundle.connect);
            console.log(readFileSync('node_modules/@gatehouse/gadget/dist/index.d.ts', 'utf8').includes('getAuthHeaderString'));
            """, ".");
        Assert.True(code == 0, output);
        Assert.Contains("Bearer one function function function", output, StringComparison.Ordinal);
        Assert.Contains("true", output, StringComparison.Ordinal);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
