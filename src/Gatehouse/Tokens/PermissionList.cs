using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Permissions as Keycloak writes them: in tokens, in introspection and as answers of their own.</summary>
public static class PermissionList
{
    /// <summary>Writes the list.</summary>
    public static void Write(Utf8JsonWriter writer, ImmutableArray<Permission> permissions)
    {
        writer.WriteStartArray();
        foreach (var permission in permissions)
        {
            writer.WriteStartObject();
            if (!permission.Scopes.IsEmpty)
            {
                writer.WriteStartArray("scopes");
                foreach (var scope in permission.Scopes) writer.WriteStringValue(scope);
                writer.WriteEndArray();
            }

            if (permission.ResourceId is { } id) writer.WriteString("rsid", id);
            if (permission.ResourceName is { } name) writer.WriteString("rsname", name);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>The list as a body.</summary>
    public static ReadOnlyMemory<byte> ToJson(ImmutableArray<Permission> permissions)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, permissions);
        return buffer.WrittenMemory;
    }
}
