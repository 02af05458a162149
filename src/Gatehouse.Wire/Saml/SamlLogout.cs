using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Saml;

/// <summary>What the checks of requests and logout messages share.</summary>
internal static class SamlLogout
{
    // A message without Destination is one for us as well as for anybody: it can be sent on. Signed ones must have it (Bindings, 3.4.5.2 and 3.5.5.2), so we want it of all.
    public static SamlError Check(string? destination, string ours, DateTimeOffset issued, DateTimeOffset now, TimeSpan skew, TimeSpan maxAge)
    {
        if (destination != ours) return SamlError.WrongDestination;
        return issued > now + skew || issued <= now - maxAge - skew ? SamlError.WrongIssueInstant : SamlError.None;
    }
}

/// <summary>A wish that somebody's sessions end (Core, 3.7.1).</summary>
public sealed record LogoutRequest
{
    /// <summary>ID, which the answer names.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset IssueInstant { get; init; }

    /// <summary>Entity ID of who asks.</summary>
    public required string Issuer { get; init; }

    /// <summary>Address that it was sent to; null when it names none.</summary>
    public string? Destination { get; init; }

    /// <summary>Who is to be signed out.</summary>
    public required SamlNameId NameId { get; init; }

    /// <summary>Which of their sessions; empty for all.</summary>
    public ImmutableArray<string> SessionIndexes { get; init; } = [];

    /// <summary>When the request is moot; null when never.</summary>
    public DateTimeOffset? NotOnOrAfter { get; init; }

    /// <summary>Why; null when absent.</summary>
    public string? Reason { get; init; }

    /// <summary>The message.</summary>
    public SamlElement ToXml()
    {
        var root = SamlWriting.Message("LogoutRequest", Id, IssueInstant, Destination, Issuer).With("NotOnOrAfter", SamlWriting.Time(NotOnOrAfter)).With("Reason", Reason).Add(NameId.ToXml());
        foreach (var index in SessionIndexes) root.Add(SamlWriting.P("SessionIndex").Add(index));
        return root;
    }

    /// <summary>Reads a request; never throws. Hand in what a signature covered, or what came in a redirect whose signature is right.</summary>
    public static bool TryRead(SamlElement root, [NotNullWhen(true)] out LogoutRequest? request, out SamlError error)
    {
        try
        {
            SamlReading.Root(root, SamlNames.Protocol, "LogoutRequest");
            request = new LogoutRequest
            {
                Id = SamlReading.Required(root, "ID"),
                IssueInstant = SamlReading.RequiredTime(root, "IssueInstant"),
                Issuer = SamlReading.Issuer(root) ?? throw new SamlException(SamlError.WrongIssuer),
                Destination = root["Destination"],
                NameId = SamlNameId.Read(root) ?? throw new SamlException(SamlError.NoSubject),
                SessionIndexes = [.. root.Elements(SamlNames.Protocol, "SessionIndex").Select(one => one.Value())],
                NotOnOrAfter = SamlReading.Time(root, "NotOnOrAfter"),
                Reason = root["Reason"],
            };
            error = SamlError.None;
            return true;
        }
        catch (SamlException refused)
        {
            (request, error) = (null, refused.Error);
            return false;
        }
    }

    /// <summary>None when it was sent to this address by this issuer, just now; otherwise why not.</summary>
    public SamlError Check(string destination, string issuer, DateTimeOffset now, TimeSpan skew, TimeSpan maxAge)
    {
        if (Issuer != issuer) return SamlError.WrongIssuer;
        if (SamlLogout.Check(Destination, destination, IssueInstant, now, skew, maxAge) is var error and not SamlError.None) return error;
        return NotOnOrAfter is { } end && end <= now - skew ? SamlError.Expired : SamlError.None;
    }
}

/// <summary>The answer to a <see cref="LogoutRequest"/> (Core, 3.7.2).</summary>
public sealed record LogoutResponse
{
    /// <summary>ID.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset IssueInstant { get; init; }

    /// <summary>Entity ID of who answers.</summary>
    public required string Issuer { get; init; }

    /// <summary>Address that it was sent to; null when it names none.</summary>
    public string? Destination { get; init; }

    /// <summary>ID of the request; null when it names none.</summary>
    public string? InResponseTo { get; init; }

    /// <summary>How it went.</summary>
    public required SamlStatus Status { get; init; }

    /// <summary>The message.</summary>
    public SamlElement ToXml() => SamlWriting.Message("LogoutResponse", Id, IssueInstant, Destination, Issuer).With("InResponseTo", InResponseTo).Add(SamlWriting.Status(Status));

    /// <summary>Reads an answer; never throws. Hand in what a signature covered, or what came in a redirect whose signature is right.</summary>
    public static bool TryRead(SamlElement root, [NotNullWhen(true)] out LogoutResponse? response, out SamlError error)
    {
        try
        {
            SamlReading.Root(root, SamlNames.Protocol, "LogoutResponse");
            response = new LogoutResponse
            {
                Id = SamlReading.Required(root, "ID"),
                IssueInstant = SamlReading.RequiredTime(root, "IssueInstant"),
                Issuer = SamlReading.Issuer(root) ?? throw new SamlException(SamlError.WrongIssuer),
                Destination = root["Destination"],
                InResponseTo = root["InResponseTo"],
                Status = SamlReading.Status(root),
            };
            error = SamlError.None;
            return true;
        }
        catch (SamlException refused)
        {
            (response, error) = (null, refused.Error);
            return false;
        }
    }

    /// <summary>None when it answers that request, at this address, by this issuer, just now; otherwise why not. The status is the caller's to read.</summary>
    public SamlError Check(string destination, string issuer, string requestId, DateTimeOffset now, TimeSpan skew, TimeSpan maxAge)
    {
        if (Issuer != issuer) return SamlError.WrongIssuer;
        return InResponseTo != requestId ? SamlError.WrongInResponseTo : SamlLogout.Check(Destination, destination, IssueInstant, now, skew, maxAge);
    }
}
