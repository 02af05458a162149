using Gatehouse.Facades;
using Gatehouse.Gateway;
using Gatehouse.Protocols.ForwardAuth;
using Microsoft.Extensions.Options;

namespace Gatehouse.House.Commands;

/// <summary>Who answers an address before the gate is asked: identity, a facade that the settings switch on, or the door for other proxies. The very addresses by which the running program chooses.</summary>
internal sealed class Answerers
{
    private readonly IReadOnlyList<IFacade> facades = [];
    private readonly bool asksProxies;

    private Answerers(IConfiguration? settings)
    {
        if (settings is null) return;
        asksProxies = settings.GetSection("protocols:forwardauth:proxies").GetChildren().Any();
        // No room but the facades': what they need to answer with is made when they are asked.
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddFacades(settings.GetSection("facades"));
        try
        {
            facades = [.. services.BuildServiceProvider().GetServices<IFacade>()];
        }
        catch (OptionsValidationException wrong)
        {
            throw new StartRefused($"The settings of the facades cannot be: {string.Join(' ', wrong.Failures)}");
        }
    }

    /// <summary>Those of the settings file, which is the named one or stands beside the access file. Throws <see cref="StartRefused"/> when it cannot be read.</summary>
    public static Answerers Of(string? settings, string accessFile) => new(SettingsBeside.Read(settings, accessFile));

    /// <summary>Explains an address that is not the gate's; null when it is. The status is 0, since nothing is promised of the answer; the code is <c>identity</c>, <c>facade.NAME</c> or <c>forward-auth</c>.</summary>
    public Explanation? Find(string rawPath)
    {
        foreach (var facade in facades)
            if (!Planes.IsIdentity(rawPath, []) && Planes.IsIdentity(rawPath, [.. facade.Addresses, .. Planes.Behind(facade.Prefixes)], facade.ExactAddresses)) return Told("facade." + facade.Name, $"The facade '{facade.Name}' answers here (settings: facades:{facade.Name}), not the gate: the access file has no say.");
        if (Planes.IsIdentity(rawPath, [])) return Told("identity", "Gatehouse itself answers here: sign-in, tokens, administration or health. The access file has no say.");
        return asksProxies && ForwardAuthDoor.IsBelow(rawPath) ? Told("forward-auth", "Listed proxies ask here about other requests (settings: protocols:forwardauth), and are answered by the access file.") : null;
    }

    private static Explanation Told(string code, string why) => new(0, code, null, why);
}
