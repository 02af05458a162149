using Gatehouse.Federation.Cas;
using Gatehouse.Federation.Certificates;
using Gatehouse.Federation.Finesse;
using Gatehouse.Federation.Jwt;
using Gatehouse.Federation.Kerberos;
using Gatehouse.Federation.Ldap;
using Gatehouse.Federation.Oidc;
using Gatehouse.Federation.Saml;
using Gatehouse.Keys;
using Gatehouse.Outbound;

namespace Gatehouse.Federation;

/// <summary>A setting of a kind.</summary>
/// <param name="Name">Name, as in <see cref="Upstream.Config"/>.</param>
/// <param name="Text">What it is for.</param>
/// <param name="Required">Whether it must be set.</param>
/// <param name="Secret">Whether it is kept sealed and never shown again.</param>
/// <param name="Otherwise">Value when unset; null for none.</param>
public sealed record Setting(string Name, string Text, bool Required = false, bool Secret = false, string? Otherwise = null);

/// <summary>A kind of upstream: its settings, and how one is opened.</summary>
/// <param name="Name">Name, as in <see cref="Upstream.Kind"/>.</param>
/// <param name="Title">For people.</param>
/// <param name="Settings">Its settings.</param>
/// <param name="Open">Makes a live one.</param>
public sealed record UpstreamKind(string Name, string Title, IReadOnlyList<Setting> Settings, Func<Upstream, Surroundings, IUpstream> Open)
{
    /// <summary>Whether passwords are entered here and checked by it.</summary>
    public bool ChecksPasswords { get; init; }
}

/// <summary>What a live upstream may use.</summary>
/// <param name="Http">The client for configured addresses.</param>
/// <param name="Time">The clock.</param>
/// <param name="PublicUrl">Our public address, without a slash at its end.</param>
public sealed record Surroundings(OutboundHttp Http, TimeProvider Time, string PublicUrl)
{
    /// <summary>Our keys for SAML.</summary>
    public SamlKeys SamlKeys { get; init; } = null!;

    /// <summary>Address at which browsers are asked for a certificate; null when there is none.</summary>
    public string? CertificateUrl { get; init; }

    /// <summary>Proofs that count once.</summary>
    public UsedProofs Used { get; init; } = null!;
}

/// <summary>THE list of kinds. Remove a line, remove a kind.</summary>
public static class UpstreamKinds
{
    /// <summary>All kinds by name.</summary>
    public static IReadOnlyDictionary<string, UpstreamKind> All { get; } = Presets.Kinds.Append(Presets.PasswordGrant).Concat(LdapKinds.Kinds).Concat(SamlKinds.Kinds).Concat(CasKinds.Kinds).Concat(CertificateKinds.Kinds).Concat(KerberosKinds.Kinds).Concat(JwtKinds.Kinds).Concat(FinesseKinds.Kinds).ToDictionary(kind => kind.Name, StringComparer.Ordinal);

    /// <summary>What is wrong with an upstream's settings, in words for who wrote them; null when nothing is.</summary>
    public static string? Fault(Upstream upstream)
    {
        if (!All.TryGetValue(upstream.Kind, out var kind)) return $"The kind '{upstream.Kind}' is not known; known are: {string.Join(", ", All.Keys.Order(StringComparer.Ordinal))}.";
        if (upstream.Alias.Length is 0 or > 40 || upstream.Alias.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')) return "The alias has lower-case letters, digits and dashes only, 1 to 40 of them.";
        foreach (var name in upstream.Config.Keys.Concat(upstream.Secrets.Keys))
            if (kind.Settings.All(setting => setting.Name != name)) return $"The setting '{name}' is not one of the kind '{kind.Name}'; known are: {string.Join(", ", kind.Settings.Select(setting => setting.Name))}.";
        foreach (var setting in kind.Settings)
        {
            if (setting.Secret && upstream.Config.ContainsKey(setting.Name)) return $"The setting '{setting.Name}' is a secret.";
            if (setting.Required && (setting.Secret ? !upstream.Secrets.ContainsKey(setting.Name) : upstream[setting.Name] is null)) return $"The setting '{setting.Name}' is missing: {setting.Text}.";
        }

        foreach (var rule in upstream.Mapping)
            if (rule.Fault is { } fault) return fault;
        try
        {
            // What opens without a connection tells what is wrong with its settings.
            var opened = kind.Open(upstream, new Surroundings(null!, null!, ""));
            if (upstream.ContinuityDays is < 0 or > 30) return "'continuityDays' is 0 to 30.";
            if (upstream.ContinuityDays > 0 && opened is not IChecksPasswords) return "'continuityDays' is for kinds that check passwords: while another one is down, nobody here could tell who somebody is.";
            if (upstream.ContinuityDays > 0 && upstream.ContinuityRoles.IsEmpty) return "'continuityRoles' is missing: the roles that a session has while the provider is down.";
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            return wrong.Message;
        }

        if (upstream.LoginNames.FirstOrDefault(pattern => pattern.Length is 0 or > 128 || pattern.Trim('*').Length == 0 || pattern.Count(c => c == '*') > 1) is { } broad) return $"The login name '{broad}' needs some characters, and one star at most.";
        return upstream.Domains.FirstOrDefault(domain => domain.Length == 0 || domain.Contains('@', StringComparison.Ordinal) || domain != domain.ToLowerInvariant()) is { } odd ? $"The domain '{odd}' must be lower-case and without '@'." : null;
    }
}
