namespace Gatehouse.Facades.Expertflow;

/// <summary>The forms in which the vendor's calls refuse. README.md beside this file says which source shows which.</summary>
internal enum Form
{
    /// <summary><c>{"error":{"error_message","error_detail":{"status","reason"}}}</c>: what Agent Desk reads after a sign-in.</summary>
    SignIn,

    /// <summary>The sign-in's, with the <c>status</c> and <c>message</c> beside it that the library answers to who renews.</summary>
    Renewal,

    /// <summary><c>{"error":401,"error_message"}</c>: the status is in <c>error</c>, as the library has it in what stands behind the second factor's calls.</summary>
    OneTime,
}
