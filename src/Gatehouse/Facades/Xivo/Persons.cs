namespace Gatehouse.Facades.Xivo;

/// <summary>What all endpoints say of a person whose proof was good and who is nobody here.</summary>
internal static class Persons
{
    /// <summary>UserNotFound in the words of the code; null for other codes.</summary>
    public static Fault? Unknown(string code) => code switch
    {
        "user_not_found" => new Fault(403, Vendor.UserNotFound, "No user of that name is known here."),
        "user_disabled" => new Fault(403, Vendor.UserNotFound, "The user is disabled here."),
        "not_linked" => new Fault(403, Vendor.UserNotFound, "A user of that name is here and not yet linked to the provider. They sign in by browser once, with their own password."),
        _ => null,
    };
}
