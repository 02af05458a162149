namespace Gatehouse.Conformance.Kits;

/// <summary>A dialog as its event source knows it from the answers alone: the model that the program is compared with.</summary>
public sealed class KnownDialog(int number, string project)
{
    /// <summary>Every fifth is no UUID.</summary>
    public string Id { get; } = number % 5 == 0 ? $"call-{number}" : Guid.NewGuid().ToString();

    public string Project { get; } = project;

    /// <summary>Token of the first answer; null until one came.</summary>
    public string? First { get; private set; }

    /// <summary>Token of the newest answer.</summary>
    public string? Newest { get; private set; }

    /// <summary>When its silence is over, as last answered; unix milliseconds.</summary>
    public long AliveUntil { get; set; }

    /// <summary>Its end was asked for.</summary>
    public bool EndAsked { get; set; }

    /// <summary>Its end was acknowledged.</summary>
    public bool Ended { get; set; }

    public void Hold(string token) => (First, Newest) = (First ?? token, token);
}
