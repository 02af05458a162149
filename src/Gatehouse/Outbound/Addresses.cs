using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Outbound;

/// <summary>What an IP address is for: whether anybody on the internet may be there, or only somebody of this house or this machine.</summary>
public static class Addresses
{
    // IANA's special-purpose registries (RFC 6890): what is not globally reachable, and what carries an IPv4 address inside.
    private static readonly IPNetwork[] Special =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"),
        IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("192.31.196.0/24"), IPNetwork.Parse("192.52.193.0/24"), IPNetwork.Parse("192.88.99.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("192.175.48.0/24"),
        IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/3"),
    ];

    // Of IPv6 only 2000::/3 is global unicast, without its tunnels (Teredo, 6to4), which lead to IPv4 addresses, and documentation.
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] NotGlobal = [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20")];

    /// <summary>Link-local (where clouds keep their metadata), multicast, reserved or nothing at all: nobody configures such an address.</summary>
    public static bool IsNever(IPAddress address)
    {
        address = Plain(address);
        var bytes = address.GetAddressBytes();
        return address.IsIPv6LinkLocal || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any) || (bytes.Length == 4 && ((bytes[0] == 169 && bytes[1] == 254) || bytes[0] is 0 or >= 224));
    }

    /// <summary>Whether it is one of the internet's: not of this machine, of a private network, nor a tunnel to either.</summary>
    public static bool IsPublic(IPAddress address)
    {
        address = Plain(address);
        return address.AddressFamily == AddressFamily.InterNetwork ? !Special.Any(network => network.Contains(address)) : address.ScopeId == 0 && Global.Contains(address) && !NotGlobal.Any(network => network.Contains(address));
    }

    /// <summary>An IPv4 address that is written as an IPv6 one, as what it is.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
