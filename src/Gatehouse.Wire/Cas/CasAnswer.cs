using System.Collections.Immutable;
using System.Text;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Wire.Cas;

/// <summary>A CAS server's answer to a ticket (CAS Protocol 3.0 specification, 2.4 to 2.6): who it was issued to, or why it does not count.</summary>
public abstract record CasAnswer
{
    private const string Namespace = "http://www.yale.edu/tp/cas";
    private static readonly SamlLimits Limits = new() { Bytes = 256 * 1024, AllowComments = true };

    private CasAnswer()
    {
    }

    /// <summary>The ticket counts.</summary>
    /// <param name="User">Login name.</param>
    /// <param name="Attributes">Attributes (version 3).</param>
    public sealed record Success(string User, ImmutableDictionary<string, ImmutableArray<string>> Attributes) : CasAnswer;

    /// <summary>It does not.</summary>
    /// <param name="Code">Code, such as <c>INVALID_TICKET</c>.</param>
    /// <param name="Text">For people.</param>
    public sealed record Failure(string Code, string Text) : CasAnswer;

    /// <summary>Not an answer of the protocol.</summary>
    public sealed record Nonsense : CasAnswer;

    /// <summary>Reads version 1: <c>yes</c> and the name, or <c>no</c>, a line each.</summary>
    public static CasAnswer ReadPlain(ReadOnlySpan<byte> body)
    {
        if (body.Length > 4096) return new Nonsense();
        var lines = Encoding.UTF8.GetString(body).Split('\n');
        return lines switch
        {
            ["yes", var name, ..] when name.Trim('\r').Length > 0 && lines[2..].All(line => line.Length == 0) => new Success(name.Trim('\r'), ImmutableDictionary<string, ImmutableArray<string>>.Empty),
            ["no", ..] => new Failure("INVALID_TICKET", "the server says no"),
            _ => new Nonsense(),
        };
    }

    /// <summary>Reads versions 2 and 3. A ticket that came through a proxy is no one's sign-in here and counts as nonsense.</summary>
    public static CasAnswer ReadXml(ReadOnlySpan<byte> body)
    {
        if (!SamlXml.TryRead(body, Limits, out var root, out _) || !root.Is(Namespace, "serviceResponse")) return new Nonsense();
        var parts = root.Elements().ToList();
        if (parts.Count != 1) return new Nonsense();
        if (parts[0].Is(Namespace, "authenticationFailure")) return new Failure(parts[0]["code"] is { Length: > 0 and <= 64 } code && code.All(c => char.IsAsciiLetterUpper(c) || c == '_') ? code : "INVALID_REQUEST", TextOf(parts[0])?.Trim() ?? "");
        if (!parts[0].Is(Namespace, "authenticationSuccess")) return new Nonsense();
        var users = parts[0].Elements(Namespace, "user").ToList();
        if (users.Count != 1 || TextOf(users[0])?.Trim() is not { Length: > 0 } user || parts[0].Elements(Namespace, "proxies").Any()) return new Nonsense();
        var attributes = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        foreach (var one in parts[0].Elements(Namespace, "attributes").SelectMany(all => all.Elements()))
            if (TextOf(one) is { } value) attributes[one.Name] = attributes.GetValueOrDefault(one.Name, []).Add(value.Trim());
        return new Success(user, attributes.ToImmutable());
    }

    /// <summary>Writes an answer in XML.</summary>
    public byte[] ToXml()
    {
        var root = New("serviceResponse").Declare("cas", Namespace);
        switch (this)
        {
            case Success good:
                var success = New("authenticationSuccess").Add(New("user").Add(SamlWriting.Clean(good.User)));
                if (!good.Attributes.IsEmpty)
                {
                    var all = New("attributes");
                    foreach (var (name, values) in good.Attributes.OrderBy(one => one.Key, StringComparer.Ordinal))
                    {
                        // Attributes are elements here, and not every name is one that an element may have.
                        if (!IsName(name)) continue;
                        foreach (var value in values) all.Add(New(name).Add(SamlWriting.Clean(value)));
                    }

                    success.Add(all);
                }

                root.Add(success);
                break;
            case Failure bad:
                root.Add(New("authenticationFailure").With("code", bad.Code).Add(SamlWriting.Clean(bad.Text)));
                break;
            default:
                throw new InvalidOperationException("Nonsense is not written.");
        }

        return root.ToBytes();
    }

    private static string? TextOf(SamlElement element) => element.Children.Any(child => child.Element is not null) ? null : string.Concat(element.Children.Select(child => child.Text));

    private static bool IsName(string name) => name.Length is > 0 and <= 128 && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static SamlElement New(string name) => new("cas", name, Namespace);
}
