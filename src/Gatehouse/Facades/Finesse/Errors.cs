namespace Gatehouse.Facades.Finesse;

/// <summary>The refusals of the user's own object, in Finesse's words where the developer guide has any.</summary>
internal static class Errors
{
    /// <summary>One answer for an unknown name, a wrong password, a token that does not count and the wrong way in.</summary>
    public static ApiError Unknown { get; } = new(401, "Authorization Failure", "The credentials do not count here.", "UNAUTHORIZED");

    public static ApiError WrongWay { get; } = new(401, "Authorization Failure", "This person signs in to Finesse the other way: see /finesse/api/UserAuthMode.", "UNAUTHORIZED");

    public static ApiError Other { get; } = new(401, "Invalid Authorization User Specified", "The user specified in the authentication credentials and the uri don't match");

    public static ApiError Busy { get; } = new(400, "Device Busy", "Somebody else is signed in at this extension. Name another, or have them sign out.");

    public static ApiError NoDevice { get; } = new(400, "Invalid Device", "This is no extension at which this person may sit.");

    public static ApiError NoSeat { get; } = new(401, "Invalid Device", "No extension was named yet. Open this address in a window.");

    public static ApiError WrongState { get; } = new(400, "Invalid State", "The state is none that can be asked for now.");

    public static ApiError BadMode { get; } = new(400, "Mode Not Allowed", "A mobile agent's mode is CALL_BY_CALL or NAILED_CONNECTION, with a dialNumber.");

    public static ApiError Missing(string what) => new(400, "Parameter Missing", $"The element '{what}' is missing.", what);

    public static ApiError Bad(string message) => new(400, Vendor.InvalidInput, message);

    public static ApiError Blocked(TimeSpan wait) => new(401, "Authorization Failure", "Too many wrong passwords. Try again later.", "ACCOUNT_BLOCKED") { RetryAfter = (int)Math.Ceiling(wait.TotalSeconds) };
}
