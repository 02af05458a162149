using System.Diagnostics;
using System.Text;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A real SimpleSAMLphp (Debian's package) under PHP's own web server on loopback, in a scratch folder: identity provider with the people mina, omar and lena, service provider, and CAS client.</summary>
public sealed class SimpleSamlKit : IAsyncDisposable
{
    private const string Home = "/usr/share/simplesamlphp";
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-ssp-").FullName;
    private readonly StringBuilder said = new();
    private Process? process;

    private SimpleSamlKit(int port) => Port = port;

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public string IdpEntity => $"{Url}/idp";

    public string SpEntity => $"{Url}/sp";

    public string IdpMetadata => $"{Url}/saml2/idp/metadata.php";

    /// <summary>Metadata of the service provider that <c>default-sp</c> is.</summary>
    public string SpMetadata => $"{Url}/module.php/saml/sp/metadata.php/default-sp";

    public string Output
    {
        get
        {
            lock (said) return said.ToString();
        }
    }

    public static async Task<SimpleSamlKit> StartAsync(int? port = null)
    {
        if (!Directory.Exists(Home) || !File.Exists("/usr/bin/php")) Assert.Skip("SimpleSAMLphp is not installed: apt-get install simplesamlphp php-cli php-xml php-mbstring");
        var kit = new SimpleSamlKit(port ?? Loopback.FreePort());
        foreach (var name in (string[])["config", "metadata", "cert", "tmp", "sessions", "log"]) Directory.CreateDirectory(Path.Combine(kit.folder, name));
        await RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", kit.In("cert/idp.pem"), "-out", kit.In("cert/idp.crt"), "-days", "30", "-subj", "/CN=idp");
        await kit.WriteAsync("config/config.php", kit.Config());
        await kit.WriteAsync("config/authsources.php", kit.Sources("", ""));
        await kit.WriteAsync("metadata/saml20-idp-hosted.php", kit.Hosted());
        await kit.WriteAsync("sp.xml", "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>");
        await kit.WriteAsync("idp.xml", "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>");
        await kit.ServeAsync();
        return kit;
    }

    /// <summary>Tells it the metadata of its service provider, us.</summary>
    public Task TrustSpAsync(string xml) => WriteAsync("sp.xml", xml);

    /// <summary>Tells it the metadata of the identity provider that its own service provider goes to: us.</summary>
    public async Task TrustIdpAsync(string xml, string entity, string casServer)
    {
        await WriteAsync("idp.xml", xml);
        await WriteAsync("config/authsources.php", Sources(entity, casServer));
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public void Kill()
    {
        if (process is not { HasExited: false }) return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    public async Task ServeAsync()
    {
        var start = new ProcessStartInfo("/usr/bin/php") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder };
        foreach (var word in (string[])["-d", "session.save_path=" + In("sessions"), "-d", "error_log=" + In("log/php.log"), "-d", "opcache.enable_cli=0", "-S", $"127.0.0.1:{Port}", "-t", Home + "/www"]) start.ArgumentList.Add(word);
        start.Environment["SIMPLESAMLPHP_CONFIG_DIR"] = In("config");
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Loopback.ListensAsync(Port, TimeSpan.FromSeconds(20));
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Keep(string? line)
    {
        lock (said) said.AppendLine(line);
    }

    private string In(string path) => Path.Combine(folder, path);

    private Task WriteAsync(string path, string text) => File.WriteAllTextAsync(In(path), text);

    private string Config() => $$"""
        <?php
        $config = [
          'baseurlpath' => '{{Url}}/', 'certdir' => '{{In("cert")}}/', 'loggingdir' => '{{In("log")}}/', 'datadir' => '{{folder}}/', 'tempdir' => '{{In("tmp")}}', 'metadatadir' => '{{In("metadata")}}/',
          'technicalcontact_name' => 'Admin', 'technicalcontact_email' => 'na@example.org', 'secretsalt' => 'a-salt-of-this-test-only', 'auth.adminpassword' => 'test-only', 'admin.protectindexpage' => false, 'admin.protectmetadata' => false,
          'logging.level' => SimpleSAML\Logger::DEBUG, 'logging.handler' => 'errorlog', 'enable.saml20-idp' => true, 'enable.shib13-idp' => false, 'module.enable' => ['exampleauth' => true, 'cas' => true, 'core' => true, 'saml' => true],
          'session.duration' => 3600, 'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.savepath' => '{{In("sessions")}}', 'session.phpsession.cookiename' => 'SSP', 'store.type' => 'phpsession',
          'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '{{In("sp.xml")}}'], ['type' => 'xml', 'file' => '{{In("idp.xml")}}']],
          'trusted.url.domains' => null, 'theme.use' => 'default', 'production' => false, 'showerrors' => true, 'errorreporting' => false, 'timezone' => 'UTC',
        ];
        """;

    private string Sources(string idp, string cas) => $$"""
        <?php
        $config = [
          'people' => ['exampleauth:UserPass',
            'mina:mina-password' => ['uid' => ['mina'], 'mail' => ['mina@example.org'], 'givenName' => ['Mina'], 'sn' => ['Okafor'], 'groups' => ['agents', 'team-north']],
            'lena:lena-password' => ['uid' => ['lena'], 'mail' => ['lena@example.org'], 'givenName' => ['Lena'], 'sn' => ['Berg'], 'groups' => []],
            'omar:omar-password' => ['uid' => ['omar'], 'mail' => ['omar@example.org'], 'givenName' => ['Omar'], 'sn' => ['Haddad'], 'groups' => []],
          ],
          'default-sp' => ['saml:SP', 'entityID' => '{{SpEntity}}', 'idp' => '{{idp}}', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'sign.authnrequest' => true, 'sign.logout' => true, 'redirect.sign' => true, 'WantAssertionsSigned' => true,
            'NameIDPolicy' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
          'cas-client' => ['cas:CAS', 'cas' => ['login' => '{{cas}}/login', 'serviceValidate' => '{{cas}}/p3/serviceValidate', 'logout' => '{{cas}}/logout',
            'attributes' => ['uid' => '/cas:serviceResponse/cas:authenticationSuccess/cas:user', 'mail' => '/cas:serviceResponse/cas:authenticationSuccess/cas:attributes/cas:mail']], 'ldap' => []],
        ];
        """;

    private string Hosted() => $$"""
        <?php
        $metadata['{{IdpEntity}}'] = [
          'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people', 'validate.authnrequest' => true, 'sign.logout' => true, 'redirect.sign' => true, 'redirect.validate' => true, 'saml20.sign.response' => true,
          'assertion.encryption' => true, 'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
          'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
          'authproc' => [50 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
        ];
        """;

    private static async Task RunAsync(string program, params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo(program, words) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
    }
}
