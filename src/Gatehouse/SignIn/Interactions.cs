namespace Gatehouse.SignIn;

/// <summary>Stored interactions. Sign-in page: <c>/realms/{realm}/sign-in?i={id}&amp;back={local path}</c>; sign-out page: <c>/realms/{realm}/sign-out?i={id}</c>. When an id is no longer known, the page sends the browser to <c>back</c>, which starts anew.</summary>
public sealed class Interactions
{
    /// <summary>Stores a new one; fills in id and times.</summary>
    public Task<Interaction> BeginAsync(Interaction draft, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>By id; null when unknown or forgotten.</summary>
    public Task<Interaction?> FindAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Takes it: found once, then gone, so that a finished interaction cannot be replayed.</summary>
    public Task<Interaction?> TakeAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Address of the sign-in page of an interaction.</summary>
    public static string SignInPath(Interaction interaction, string back)
        => $"/realms/{interaction.Realm}/sign-in?i={interaction.Id}&back={Uri.EscapeDataString(back)}";

    /// <summary>Address of the sign-out page of an interaction.</summary>
    public static string SignOutPath(Interaction interaction) => $"/realms/{interaction.Realm}/sign-out?i={interaction.Id}";
}
