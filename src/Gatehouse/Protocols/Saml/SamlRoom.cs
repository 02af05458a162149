using Gatehouse.Keys;
using Gatehouse.SignIn;
using Gatehouse.Tokens;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>Owns SAML 2.0 towards applications: we are their identity provider, at Keycloak's addresses. Never asks a person anything: SignIn does. Towards identity providers we are Federation's.</summary>
public static class SamlRoom
{
    /// <summary>Adds the endpoints' parts.</summary>
    public static IServiceCollection AddSaml(this IServiceCollection services)
    {
        services.AddSingleton<Participants>();
        services.AddSingleton<SignOnAnswer>();
        services.AddSingleton<SignOutEndpoint>();
        services.AddSingleton<ISignOutWay>(provider => provider.GetRequiredService<SignOutEndpoint>());
        services.AddSingleton(provider => new Lazy<SignOutWays>(provider.GetRequiredService<SignOutWays>));
        services.AddSingleton<SignOnEndpoint>();
        return services;
    }

    /// <summary>Maps the endpoints of every realm.</summary>
    public static void MapSaml(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (signOn, signOut) = (services.GetRequiredService<SignOnEndpoint>(), services.GetRequiredService<SignOutEndpoint>());
        const string Protocol = "/realms/{realm}/protocol/saml";
        routes.MapMethods(Protocol, ["GET", "POST"], signOn.AskAsync);
        routes.MapMethods(Protocol + "/go", ["GET"], signOn.GoAsync);
        routes.MapMethods(Protocol + "/resume", ["GET"], signOn.ResumeAsync);
        routes.MapMethods(Protocol + "/clients/{name}", ["GET"], signOn.StartAsync);
        routes.MapMethods(Protocol + "/sign-out", ["GET"], signOut.NextAsync);
        routes.MapMethods(Protocol + "/signed-out", ["GET"], signOut.FinishAsync);
        routes.MapMethods(Protocol + "/descriptor", ["GET"], context => DescribeAsync(context, services));
    }

    /// <summary>Local path of a realm's endpoint.</summary>
    internal static string Path(string realm) => $"/realms/{realm}/protocol/saml";

    /// <summary>Address of a realm's endpoint.</summary>
    internal static string Address(Issuers issuers, string realm) => issuers.Of(realm) + "/protocol/saml";

    // Who we are, for the applications' administrators. The staged key stands beside the active one, so that they have it before it signs.
    private static async Task DescribeAsync(HttpContext context, IServiceProvider services)
    {
        if (await services.GetRequiredService<Entrance>().RealmAsync(context) is not { } realm) return;
        var issuers = services.GetRequiredService<Issuers>();
        var keys = await services.GetRequiredService<SamlKeys>().OfAsync(realm.Name, context.RequestAborted);
        var at = Address(issuers, realm.Name);
        var metadata = new SamlMetadata
        {
            EntityId = issuers.Of(realm.Name), CacheDuration = TimeSpan.FromHours(1),
            Idp = new IdpRole
            {
                WantAuthnRequestsSigned = true, SigningKeys = [.. keys.Where(one => one.State != SamlKeyState.Retiring).Select(one => one.Key.Public)], SingleSignOn = [new(SamlNames.PostBinding, at), new(SamlNames.RedirectBinding, at)],
                SingleLogout = [new(SamlNames.PostBinding, at), new(SamlNames.RedirectBinding, at)], NameIdFormats = [SamlNames.PersistentName, SamlNames.TransientName, SamlNames.UnspecifiedName, SamlNames.EmailName],
            },
        };
        context.Response.ContentType = "application/xml";
        await context.Response.Body.WriteAsync(metadata.ToXml().ToBytes(), context.RequestAborted);
    }
}
