using Gatehouse.SignIn.OneTime;

namespace Gatehouse.Facades.Expertflow.OneTime;

/// <summary>The vendor's statuses and words for what a second factor is refused for.</summary>
internal static class Words
{
    /// <summary>The fault of a code; null when it is not one of the second factor's.</summary>
    public static Fault? Of(string code, TimeSpan wait = default, bool app = true) => Said(code, wait, app) is { } fault ? fault with { Code = code } : null;

    private static Fault? Said(string code, TimeSpan wait, bool app) => code switch
    {
        // As the library has it: 401 for an app's code, 404 for one by text message.
        OneTimeFault.Wrong => new Fault(app ? 401 : 404, Vendor.OneTimeFailed, "Invalid OTP."),
        OneTimeFault.Wait => new Fault(429, Vendor.OneTimeFailed, "Too many wrong codes. Try again in 15 minutes; after many more it is hours.") { RetryAfter = 900 },
        OneTimeFault.None => new Fault(404, Vendor.OneTimeFailed, "No second factor is registered for this user."),
        OneTimeFault.NotAPhone => new Fault(400, Vendor.OneTimeFailed, "Invalid phone number"),
        OneTimeFault.Bound => new Fault(403, Vendor.OneTimeFailed, "A second factor is registered already. An administrator can have it forgotten."),
        OneTimeFault.Flood => Fault.Wait(Vendor.OneTimeFailed, wait),
        OneTimeFault.NotSent => new Fault(400, Vendor.OneTimeFailed, "The OTP could not be sent."),
        OneTimeFault.NoFirstFactor => new Fault(401, Vendor.OneTimeFailed, "Sign in with user name and password first, and go on within minutes."),
        OneTimeFault.Ticket => new Fault(401, Vendor.OneTimeFailed, "The interim ticket does not count, or no more. Sign in with user name and password again."),
        _ => null,
    };
}
