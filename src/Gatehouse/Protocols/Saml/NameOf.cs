using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Clients;
using Gatehouse.Keys;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>The name by which an application knows a person. Qualified by us and the application where it means something between the two alone, as Cisco's identity service wants it.</summary>
internal static class NameOf
{
    /// <summary>The name in a format; null when the person has none such.</summary>
    public static SamlNameId? In(string? format, Gatehouse.People.User user, Client client, string issuer, Sealer sealer) => format switch
    {
        SamlNames.EmailName => user.Email is { } email ? new SamlNameId(email, format) : null,
        SamlNames.TransientName => new SamlNameId("_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), format, issuer, client.ClientId),

        // Another one at each application, so that two of them cannot compare notes; the same for ever (Core, 8.3.7).
        SamlNames.PersistentName => new SamlNameId("G-" + Base64Url.EncodeToString(sealer.Hash("saml name", Encoding.UTF8.GetBytes($"{user.Realm}\n{user.Id}\n{client.ClientId}"))), format, issuer, client.ClientId),
        _ => new SamlNameId(user.Username, SamlNames.UnspecifiedName),
    };
}
