using Gatehouse.Terms;

namespace Gatehouse.Gateway.Access;

/// <summary>The secret with which we ask a foreign issuer: from an environment variable, or from a file as container platforms mount them. It never stands in the access file.</summary>
internal static class IntrospectionSecret
{
    /// <summary>The secret; null when it cannot be had.</summary>
    public static Secret? Of(ForeignIssuer issuer)
    {
        var text = issuer.SecretVariable is { } name ? Environment.GetEnvironmentVariable(name) : Read(issuer.SecretFile!);
        return string.IsNullOrEmpty(text) ? null : new Secret(text);
    }

    /// <summary>What to tell when an issuer's secret cannot be had; null when all are there.</summary>
    public static Finding? Missing(AccessFile file)
        => file.Issuers.Values.FirstOrDefault(issuer => issuer.Introspect is not null && Of(issuer) is null) is { } lacking
            ? new Finding(Severity.Error, "access.secret", lacking.Line, lacking.SecretVariable is { } name
                ? $"The environment variable {name} of issuer '{lacking.Name}' is not set."
                : $"The file '{lacking.SecretFile}' with the secret of issuer '{lacking.Name}' cannot be read, or is empty.")
            : null;

    private static string? Read(string file)
    {
        try
        {
            // Editors and 'echo' end a file with a line break that is no part of the secret.
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
