using System.Net;

namespace Gatehouse.Gateway;

/// <summary>How files and settings write networks.</summary>
public static class Networks
{
    /// <summary>Reads <c>10.0.0.0/8</c> (its first address exactly) or one address.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network)) return true;
        if (!IPAddress.TryParse(text, out var one)) return false;
        network = new IPNetwork(one, one.GetAddressBytes().Length * 8);
        return true;
    }
}
