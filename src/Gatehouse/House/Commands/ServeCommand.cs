using System.CommandLine;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse serve</c>: reads the options and hands on to <see cref="Serve"/>.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static Command Build(Terminal terminal)
    {
        var normal = new ServeOptions();
        var address = new Option<string>("--address") { Description = "IP address to listen on.", DefaultValueFactory = _ => normal.Address };
        var port = new Option<int>("--port") { Description = "Port; 0 takes a free one, which is printed.", DefaultValueFactory = _ => normal.Port };
        var data = new Option<string>("--data") { Description = "Data folder: database and root key.", DefaultValueFactory = _ => normal.Data, HelpName = "DIR" };
        var settings = new Option<string?>("--settings") { Description = "Settings file (JSON). Default: gatehouse.json in the data folder.", HelpName = "FILE" };
        var access = new Option<string?>("--access") { Description = "Access file of the gate. Default: access.yaml in the data folder.", HelpName = "FILE" };
        var publicUrl = new Option<string?>("--public-url") { Description = "Address under which clients see the program.", HelpName = "URL" };
        var certificate = new Option<string?>("--tls-certificate") { Description = "Certificate with chain (PEM); without it, plain HTTP on loopback only.", HelpName = "FILE" };
        var key = new Option<string?>("--tls-key") { Description = "Private key of the certificate (PEM).", HelpName = "FILE" };
        var asking = new Option<int?>("--certificate-port") { Description = "Second port, on which browsers are asked for a client certificate; needs TLS.", HelpName = "PORT" };
        var demo = new Option<bool>("--demo") { Description = "Start with a demo realm, people, a client and small services behind the gate." };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65535) result.AddError("--port must be 0 to 65535.");
        });
        var command = new Verb(
            Name,
            "Starts Gatehouse in the foreground; Ctrl-C or SIGTERM ends it after open requests are done.",
            "gatehouse serve --demo",
            "gatehouse serve --data /var/lib/gatehouse --access access.yaml --public-url https://cx.example.org",
            "gatehouse serve --address 0.0.0.0 --port 443 --tls-certificate chain.pem --tls-key key.pem")
        {
            address, port, data, settings, access, publicUrl, certificate, key, asking, demo,
        };
        command.SetAction((parsed, stop) => Serve.RunAsync(
            new ServeOptions
            {
                Address = parsed.GetValue(address)!, Port = parsed.GetValue(port), Data = parsed.GetValue(data)!, Settings = parsed.GetValue(settings), Access = parsed.GetValue(access),
                PublicUrl = parsed.GetValue(publicUrl), Certificate = parsed.GetValue(certificate), CertificateKey = parsed.GetValue(key), CertificatePort = parsed.GetValue(asking), Demo = parsed.GetValue(demo),
            },
            terminal.Output,
            stop));
        return command;
    }
}
