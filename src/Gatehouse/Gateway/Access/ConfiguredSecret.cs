using Gatehouse.Terms;

namespace Gatehouse.Gateway.Access;

/// <summary>A secret that the access file names and never holds: in an environment variable, or in a file as container platforms mount them. With it we ask a foreign issuer, or come to a bot.</summary>
internal static class ConfiguredSecret
{
    /// <summary>A foreign issuer's; null when it cannot be had.</summary>
    public static Secret? Of(ForeignIssuer issuer) => Of(issuer.SecretVariable, issuer.SecretFile);

    /// <summary>From a variable or a file; null when neither is named, or it cannot be had.</summary>
    public static Secret? Of(string? variable, string? file)
    {
        var text = variable is not null ? Environment.GetEnvironmentVariable(variable) : file is not null ? Read(file) : null;
        return string.IsNullOrEmpty(text) ? null : new Secret(text);
    }

    /// <summary>What to tell when a secret cannot be had; null when all are there.</summary>
    public static Finding? Missing(AccessFile file)
        => file.Issuers.Values.FirstOrDefault(issuer => issuer.Introspect is not null && Of(issuer) is null) is { } lacking ? Lacks(lacking.Line, $"issuer '{lacking.Name}'", lacking.SecretVariable, lacking.SecretFile)
            : file.Services.FirstOrDefault(service => service.Events is { HasBotToken: true } events && Of(events.BotTokenVariable, events.BotTokenFile) is null) is { } bot ? Lacks(bot.Line, $"bot '{bot.Name}'", bot.Events!.BotTokenVariable, bot.Events.BotTokenFile)
            : null;

    private static Finding Lacks(int line, string whose, string? variable, string? file)
        => new(Severity.Error, "access.secret", line, variable is not null ? $"The environment variable {variable} of {whose} is not set." : $"The file '{file}' with the secret of {whose} cannot be read, or is empty.");

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
