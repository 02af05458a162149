using System.Collections.Immutable;

namespace Gatehouse.Clients;

/// <summary>An application that speaks CAS instead of OpenID Connect.</summary>
public sealed record CasApplication
{
    /// <summary>Its service addresses, exact; one that ends with <c>*</c> stands for all that begin so, and must go beyond the host.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>Attributes that version 3 of the protocol tells.</summary>
    public ImmutableArray<AttributeRule> Attributes { get; init; } = AttributeRule.Usual;

    /// <summary>What is wrong with the settings; null when nothing is.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Fault
    {
        get
        {
            if (Services.IsEmpty) return "An application that speaks CAS needs a service address.";
            foreach (var service in Services)
            {
                var exact = service.EndsWith('*') ? service[..^1] : service;
                if (exact.Contains('*', StringComparison.Ordinal) || Parse(exact) is not { } uri) return $"'{service}' is no service address.";
                if (service.EndsWith('*') && exact.Length <= uri.GetLeftPart(UriPartial.Authority).Length) return $"'{service}' would stand for other hosts too: write a slash before the star.";
            }

            return AttributeRule.FaultOf(Attributes);
        }
    }

    /// <summary>Whether a service address is one of the application's. Compared as it was sent, and beyond a star also with its dots resolved.</summary>
    public bool Serves(string service)
    {
        if (Parse(service) is not { } uri) return false;
        foreach (var one in Services)
            if (one.EndsWith('*') ? service.StartsWith(one[..^1], StringComparison.Ordinal) && uri.AbsoluteUri.StartsWith(one[..^1], StringComparison.Ordinal) : service == one) return true;
        return false;
    }

    private static Uri? Parse(string text)
        => text.Length <= 2048 && !text.Contains('\\', StringComparison.Ordinal) && text.All(c => c is > ' ' and < '\x7f') && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0 && !text.Contains('#', StringComparison.Ordinal) ? uri : null;
}
