using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>One desk for all tests of a class.</summary>
public sealed class DeskFixture : IAsyncLifetime
{
    public Desk Desk { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Desk = await Desk.OpenAsync();

    public ValueTask DisposeAsync() => Desk.DisposeAsync();
}
