using Gatehouse.Facades.Expertflow;
using Gatehouse.Facades.Finesse;
using Gatehouse.Facades.Gadgets;
using Gatehouse.Facades.Keycloak;
using Gatehouse.Facades.Xivo;

namespace Gatehouse.Facades;

/// <summary>Owns the wire forms of vendors whose clients are to go on unchanged: each a folder of its own, off until its settings name a realm. Never judges a credential and never decides what somebody may do; a facade never names another.</summary>
public static class FacadesRoom
{
    // THE list. Remove a line, remove a facade.
    private static readonly Action<IServiceCollection, IConfiguration>[] All =
    [
        XivoFacade.Add,
        ExpertflowFacade.Add,
        FinesseFacade.Add,
        GadgetsFacade.Add,
        KeycloakFacade.Add,
    ];

    // What somebody should see to in a settings file, such as a call that ends soon.
    private static readonly Func<IConfiguration, DateTimeOffset, IReadOnlyList<string>>[] Told =
    [
        ExpertflowFacade.Told,
        FinesseFacade.Told,
    ];

    /// <summary>What somebody should see to in the settings of the facades (the section <c>facades</c>): calls that end soon, days that cannot be read.</summary>
    public static IReadOnlyList<string> Warnings(IConfiguration section, DateTimeOffset now) => [.. Told.SelectMany(one => one(section, now))];

    /// <summary>Adds the facades that are switched on.</summary>
    public static IServiceCollection AddFacades(this IServiceCollection services, IConfiguration section)
    {
        services.AddSingleton<Crowds>();
        foreach (var add in All) add(services, section);
        return services;
    }

    /// <summary>Maps them.</summary>
    public static void MapFacades(this IEndpointRouteBuilder routes)
    {
        foreach (var facade in routes.ServiceProvider.GetServices<IFacade>()) facade.Map(routes);
    }

    /// <summary>Paths that are taken off before realms and the admin API answer.</summary>
    public static IReadOnlyList<string> PrefixesOf(IServiceProvider services) => [.. services.GetServices<IFacade>().SelectMany(facade => facade.Prefixes)];

    /// <summary>Paths that belong to identity because a facade that is switched on answers there.</summary>
    public static IReadOnlyList<string> AddressesOf(IServiceProvider services) => [.. services.GetServices<IFacade>().SelectMany(facade => facade.Addresses)];

    /// <summary>Single paths that belong to identity, without what lies below them.</summary>
    public static IReadOnlyList<string> ExactAddressesOf(IServiceProvider services) => [.. services.GetServices<IFacade>().SelectMany(facade => facade.ExactAddresses)];
}
