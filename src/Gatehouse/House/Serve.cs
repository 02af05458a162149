namespace Gatehouse.House;

/// <summary>Builds and runs the whole program on one listener.</summary>
public static class Serve
{
    /// <summary>
    /// Sockets complete on their event thread: fewer hops and less CPU per request. What may block leaves that thread at <see cref="Planes"/>.
    /// Read by the runtime when the first socket is used, so it must be set before.
    /// </summary>
    public static void PreferInlineCompletions()
    {
        const string Name = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (Environment.GetEnvironmentVariable(Name) is null) Environment.SetEnvironmentVariable(Name, "1");
    }

    /// <summary>Serves until told to stop; returns the exit code.</summary>
    public static async Task<int> RunAsync(ServeOptions options, TextWriter output, CancellationToken stop)
    {
        try
        {
            await using var app = await BuildAsync(options, output, stop);
            await app.RunAsync(stop);
            return 0;
        }
        catch (Exception wrong) when (wrong is Keys.KeyFault or Storage.StorageFault or Gateway.Access.AccessFault or Microsoft.Extensions.Options.OptionsValidationException)
        {
            // The rooms say what is wrong and how to mend it; a stack trace would bury that.
            throw new StartRefused(wrong.Message);
        }
    }

    /// <summary>Builds the program; the listener's socket is bound, nothing is served yet.</summary>
    public static async Task<WebApplication> BuildAsync(ServeOptions options, TextWriter output, CancellationToken stop)
    {
        var listener = Listener.Bind(options);
        var demo = options.Demo ? await Demo.Demo.PrepareAsync(options, stop) : null;

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "gatehouse" });
        builder.Configuration.AddConfiguration(Settings.Read(options, listener.Url.GetLeftPart(UriPartial.Authority), demo?.AccessFile, listener.CertificateUrl(options.PublicUrl ?? listener.Url.AbsoluteUri)));
        if (demo is not null) builder.Configuration.AddInMemoryCollection(Demo.DemoGadgets.Settings(demo.Desk.Url, builder.Configuration));
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("logging")).AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });
        if (options.Certificate is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseKestrelCore().UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.CreateBoundListenSocket = listener.Take;
            // A resting connection holds 4 KiB; in return each request saves a system call.
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        }).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Forwarding.ForwardingRoom.Prepare(kestrel);
            // Bodies pass through the gate as streams; identity has limits of its own (IdentityBounds).
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            listener.Use(kestrel);
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, Microsoft.Extensions.Hosting.Internal.ConsoleLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        House.AddRooms(builder.Services, builder.Configuration);
        if (demo is not null) builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<Demo.DemoStart>(services, demo, listener.Url, output));

        var app = builder.Build();
        House.MapRooms(app);
        app.Lifetime.ApplicationStopped.Register(listener.Dispose);
        if (demo is null)
            app.Lifetime.ApplicationStarted.Register(() => output.WriteLine($"Gatehouse listens on {listener.Url.GetLeftPart(UriPartial.Authority)}"));
        return app;
    }
}
