using System.Buffers.Text;
using System.Text.Json;
using Gatehouse.Facades.Expertflow.Teams;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Expertflow;

/// <summary>Writes <c>keycloak_User</c>: who signed in, as the vendor's library puts it together. Roles and permissions are read from the token that goes with it, so that both say the same.</summary>
internal static class Person
{
    public static void Write(Utf8JsonWriter writer, Realm realm, User user, string accessToken, TeamsOfPerson teams)
    {
        using var token = JsonDocument.Parse(Base64Url.DecodeFromChars(accessToken.Split('.')[1]));
        writer.WriteStartObject(Vendor.KeycloakUser);
        writer.WriteString("id", user.Id);
        writer.WriteString("firstName", user.FirstName ?? "");
        writer.WriteString("lastName", user.LastName ?? "");
        writer.WriteString(Vendor.Username, user.Username);
        writer.WriteString("realm", realm.Name);
        Copy(writer, "roles", token.RootElement, "realm_access", "roles");
        writer.WriteStartObject("permittedResources");
        Copy(writer, "Resources", token.RootElement, "authorization", "permissions");
        writer.WriteEndObject();
        writer.WriteStartObject("attributes");
        foreach (var (name, values) in user.Attributes.Where(one => !Vendor.IsHidden(one.Key)).OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            writer.WriteStartArray(name);
            foreach (var value in values) writer.WriteStringValue(value);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WritePropertyName("userTeam");
        if (teams.Own is { } own) Write(writer, own);
        else writer.WriteNullValue();
        Write(writer, "supervisedTeams", teams.Supervised);
        Write(writer, "secondarySupervisedTeams", teams.SupervisedSecond);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<Team> teams)
    {
        writer.WriteStartArray(name);
        foreach (var team in teams) Write(writer, team);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, Team team)
    {
        writer.WriteStartObject();
        writer.WriteString(Vendor.TeamId, team.Id);
        writer.WriteString(Vendor.TeamName, team.Name);
        writer.WriteEndObject();
    }

    private static void Copy(Utf8JsonWriter writer, string name, JsonElement claims, string outer, string inner)
    {
        writer.WritePropertyName(name);
        if (claims.TryGetProperty(outer, out var holder) && holder.TryGetProperty(inner, out var list)) list.WriteTo(writer);
        else
        {
            writer.WriteStartArray();
            writer.WriteEndArray();
        }
    }
}
