using Gatehouse.SignIn;

namespace Gatehouse.Portal;

/// <summary>Owns the pages that people see: sign-in, sign-out, faults. Plain HTML that works without scripts; every value is encoded. Never checks a password itself.</summary>
public static class PortalRoom
{
    /// <summary>Adds the pages, and the fault page that protocols show.</summary>
    public static IServiceCollection AddPortal(this IServiceCollection services)
    {
        services.AddSingleton<Assets>();
        services.AddSingleton<Words>();
        services.AddSingleton<Pages>();
        services.AddSingleton<Browser>();
        services.AddSingleton<SignInPage>();
        services.AddSingleton<SignOutPage>();
        services.AddSingleton<CodePage>();
        services.AddSingleton<SeatPage>();
        services.AddSingleton<BrokerPage>();
        services.AddSingleton<TicketDoor>();
        services.AddSingleton<TicketPage>();
        services.AddSingleton<ProviderTestPage>();
        services.AddSingleton<FaultPage>();
        services.AddSingleton<ShowFault>(provider => provider.GetRequiredService<FaultPage>().ShowAsync);
        return services;
    }

    /// <summary>Maps the pages.</summary>
    public static void MapPortal(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (signIn, signOut) = (services.GetRequiredService<SignInPage>(), services.GetRequiredService<SignOutPage>());
        routes.MapMethods("/realms/{realm}/sign-in", ["GET"], signIn.ShowAsync);
        routes.MapMethods("/realms/{realm}/sign-in", ["POST"], signIn.SubmitAsync);
        routes.MapMethods("/realms/{realm}/sign-in/why-no-ticket", ["GET"], services.GetRequiredService<TicketPage>().ShowAsync);
        var broker = services.GetRequiredService<BrokerPage>();
        routes.MapMethods("/realms/{realm}/broker/{alias}/login", ["GET"], broker.LeaveAsync);
        routes.MapMethods("/realms/{realm}/broker/{alias}/endpoint", ["GET", "POST"], broker.ReturnAsync);
        routes.MapMethods("/realms/{realm}/broker/{alias}/endpoint/logout_response", ["GET"], broker.ReturnAsync);
        routes.MapMethods("/realms/{realm}/broker/{alias}/endpoint/descriptor", ["GET"], broker.DescribeAsync);
        routes.MapMethods("/realms/{realm}/broker/{alias}/test", ["GET"], broker.TestAsync);
        routes.MapMethods("/realms/{realm}/broker/{alias}/sign-out", ["GET"], broker.SignOutAsync);
        var code = services.GetRequiredService<CodePage>();
        routes.MapMethods("/realms/{realm}/sign-in/code", ["GET"], code.ShowAsync);
        routes.MapMethods("/realms/{realm}/sign-in/code", ["POST"], code.SubmitAsync);
        var seat = services.GetRequiredService<SeatPage>();
        routes.MapMethods("/realms/{realm}/seat", ["GET"], seat.ShowAsync);
        routes.MapMethods("/realms/{realm}/seat", ["POST"], seat.SubmitAsync);
        routes.MapMethods("/realms/{realm}/sign-out", ["GET"], signOut.ShowAsync);
        routes.MapMethods("/realms/{realm}/sign-out", ["POST"], signOut.SubmitAsync);
        routes.MapMethods("/realms/{realm}/signed-out", ["GET"], signOut.DoneAsync);
        routes.MapMethods("/realms/{realm}/signed-in", ["GET"], signIn.DoneAsync);
        routes.MapMethods("/assets/{name}", ["GET"], services.GetRequiredService<Assets>().SendAsync);
    }
}
