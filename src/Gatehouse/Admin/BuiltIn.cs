using System.Security.Cryptography;
using System.Text;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>What belongs to the program and stays as it is: the client <c>realm-management</c>, which stands for the rights and has no row, its roles, and the realm's default role.</summary>
internal static class BuiltIn
{
    /// <summary>The client that carries the rights; its id follows from the realm's name.</summary>
    public static Client Management(string realm) => new()
    {
        Id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{Right.Client} of {realm}")).AsSpan(0, 16), bigEndian: true).ToString(),
        Realm = realm, ClientId = Right.Client, Name = "Rights of this API", StandardFlow = false, ServiceAccount = false,
    };

    public static bool Is(Client client) => client.ClientId == Right.Client;

    public static bool Is(Role role) => role.Client == Right.Client || (role.Client is null && role.Name == $"default-roles-{role.Realm}");

    public static Refused Refuse(string what) => new(Reasons.BuiltIn, $"{what} is built in and stays as it is.");
}
