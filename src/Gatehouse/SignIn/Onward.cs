namespace Gatehouse.SignIn;

/// <summary>Sends the browser on with GET; <see cref="OnwardForm"/> with POST.</summary>
public static class Onward
{
    /// <summary>Answers 303, which nobody keeps. The address is local, or checked.</summary>
    public static void Go(HttpContext context, string address)
    {
        context.Response.StatusCode = 303;
        context.Response.Headers.Location = address;
        context.Response.Headers.CacheControl = "no-store";
    }
}
