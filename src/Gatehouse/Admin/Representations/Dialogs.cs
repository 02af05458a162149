using Gatehouse.Dialogs;

namespace Gatehouse.Admin.Representations;

/// <summary>A project of dialogs; times in seconds.</summary>
internal sealed record DialogProjectRepresentation(string Name, long Headroom, long Silence, long HardLimit, IReadOnlyList<string> After, IReadOnlyList<string> Roles, IReadOnlyList<string> VisitorRoles, bool FreezeOnMisuse, int SecretGeneration)
{
    public static DialogProjectRepresentation Of(DialogProject one)
        => new(one.Name, (long)one.Headroom.TotalSeconds, (long)one.Silence.TotalSeconds, (long)one.HardLimit.TotalSeconds, one.After, one.Roles, one.VisitorRoles, one.FreezeOnMisuse, one.SecretGeneration);
}

/// <summary>Secrets under which a project's events are signed, the one in use first.</summary>
internal sealed record DialogSecretsRepresentation(IReadOnlyList<string> Secrets);
