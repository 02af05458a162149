using Gatehouse.Admin;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Credentials;
using Gatehouse.Dialogs;
using Gatehouse.Facades;
using Gatehouse.Federation;
using Gatehouse.Forwarding;
using Gatehouse.Gateway;
using Gatehouse.House.Health;
using Gatehouse.Keys;
using Gatehouse.Outbound;
using Gatehouse.People;
using Gatehouse.Permissions;
using Gatehouse.Portal;
using Gatehouse.Protocols.Cas;
using Gatehouse.Protocols.Dialogs;
using Gatehouse.Protocols.ForwardAuth;
using Gatehouse.Protocols.OpenId;
using Gatehouse.Protocols.Saml;
using Gatehouse.Protocols.Uma;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tokens;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.House;

/// <summary>The list of rooms, and the only wiring. Remove a line, remove a feature.</summary>
public static class House
{
    /// <summary>Adds every room's parts, ground first: hosted parts start in this order and stop in reverse.</summary>
    public static IServiceCollection AddRooms(IServiceCollection services, IConfiguration settings) => services
        .AddStorage(settings.GetSection("storage"))
        .AddKeys(settings.GetSection("keys"))
        .AddAudit(settings.GetSection("audit"))
        .AddOutbound()
        .AddFederation(settings.GetSection("federation"), settings["tokens:publicUrl"] ?? "")
        .AddPeople()
        .AddClients()
        .AddSessions()
        .AddForwarding(settings.GetSection("forwarding"))
        .AddTokens(settings.GetSection("tokens"))
        .AddDialogs()
        .AddCredentials()
        .AddPermissions()
        .AddSignIn(settings.GetSection("signin"))
        .AddPortal()
        .AddOpenId()
        .AddSaml()
        .AddCas()
        .AddUma()
        .AddDialogsDoor()
        .AddForwardAuth(settings.GetSection("protocols:forwardauth"))
        .AddAdmin()
        .AddFacades(settings.GetSection("facades"))
        .AddGateway(settings.GetSection("gateway"));

    /// <summary>Lays out the pipeline and maps the doors.</summary>
    public static void MapRooms(WebApplication app)
    {
        var (gate, rules) = (app.Services.GetRequiredService<Gate>(), app.Services.GetRequiredService<Gateway.Access.Rules>());
        var prefixes = FacadesRoom.PrefixesOf(app.Services);
        IReadOnlyList<string> facades = [.. FacadesRoom.AddressesOf(app.Services), .. Planes.Behind(prefixes)];
        var exact = FacadesRoom.ExactAddressesOf(app.Services);
        var others = app.Services.GetRequiredService<ForwardAuthDoor>();
        Predicate<string> isIdentity = target => Planes.IsIdentity(target, facades, exact);
        app.Use(next =>
        {
            RequestDelegate identity = context =>
            {
                IdentityBounds.Set(context);
                Asking.Settle(context, rules.Proxies);
                if (prefixes.Count > 0) Planes.TakeOff(context.Request, prefixes);
                return Planes.IdentityAsync(context, next);
            };
            return context =>
            {
                var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
                return isIdentity(target) ? identity(context) : others.Takes(target) ? others.AnswerAsync(context, isIdentity) : gate.HandleAsync(context);
            };
        });
        app.Use(IdentityBounds.OrAnswer);
        app.Use(Busy.OrAnswer);
        app.UseRouting();
        HealthRoom.MapHealth(app);
        app.MapOpenId();
        app.MapSaml();
        app.MapCas();
        app.MapUma();
        app.MapDialogsDoor();
        app.MapPortal();
        app.MapAdmin();
        app.MapFacades();
        app.MapGateway();
    }
}
