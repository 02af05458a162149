using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.People;

namespace Gatehouse.Tokens;

/// <summary>Claims about the person by scope (OpenID Connect Core, 5.4), the same in ID token, access token and userinfo.</summary>
public static class Profile
{
    /// <summary>Writes what the scopes allow.</summary>
    public static void Write(Utf8JsonWriter writer, User user, ImmutableArray<string> scopes)
    {
        if (scopes.Contains("profile"))
        {
            writer.WriteString("preferred_username", user.Username);
            if (user.FullName is { } name) writer.WriteString("name", name);
            if (user.FirstName is { } first) writer.WriteString("given_name", first);
            if (user.LastName is { } last) writer.WriteString("family_name", last);
        }

        if (scopes.Contains("email"))
        {
            writer.WriteBoolean("email_verified", user.EmailVerified);
            if (user.Email is { } email) writer.WriteString("email", email);
        }
    }
}
