namespace Gatehouse.Gateway.Access;

/// <summary>Judges services that take names and passwords with each request.</summary>
internal static class BasicLint
{
    /// <summary>What the file alone shows.</summary>
    public static void Check(AccessFile file, Action<Severity, string, int, string> say)
    {
        foreach (var service in file.Services)
        {
            if (!service.Accepts.Basic) continue;
            if (service.PassAuthorizationOnPublic || service.PassAuthorizationOnObserve) say(Severity.Note, "basic.pass", service.Line, $"Service '{service.Name}' passes the client's Authorization on where nobody is asked who they are. Names and passwords are taken out all the same: no upstream sees them.");
            if (service.Accepts.Dialog) say(Severity.Warning, "basic.dialog", service.Line, $"Service '{service.Name}' takes tokens of visitors and passwords of staff: whoever may guess at one should not reach the other. Give staff a service of their own.");
            foreach (var other in file.Services)
                if (!ReferenceEquals(other, service) && other.PassAuthorizationOnPublic && !other.Accepts.Basic && other.Prefix.StartsWith(service.Prefix + "/", StringComparison.Ordinal))
                    say(Severity.Warning, "basic.below", other.Line, $"Service '{other.Name}' is below '{service.Prefix}', where browsers send names and passwords by themselves, and passes Authorization on. Move it, or take 'pass-authorization-on-public' away.");
        }
    }

    /// <summary>What depends on the listener: passwords in plain text.</summary>
    public static IEnumerable<Finding> Now(AccessFile file, bool isTls)
        => isTls ? [] : file.Services.Where(service => service.Accepts.Basic).Select(service => new Finding(Severity.Warning, "basic.plain", service.Line, $"Service '{service.Name}' takes names and passwords, and the public address is plain HTTP: whoever sits on that network reads them with each request. Serve https (--public-url, --cert)."));
}
