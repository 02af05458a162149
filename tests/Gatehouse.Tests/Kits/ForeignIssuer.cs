using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Kits;

/// <summary>Another site's issuer: metadata, key set and introspection over HTTP, with a switch for its outage. It signs with .NET's own cryptography, not with ours.</summary>
public sealed class ForeignIssuer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, (ECDsa Key, bool Listed)> keys = new();

    private ForeignIssuer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    /// <summary>Every address is answered with 503.</summary>
    public bool Down { get; set; }

    /// <summary>What introspection says of a token; anything else is inactive.</summary>
    public ConcurrentDictionary<string, object> Active { get; } = new();

    /// <summary>Tokens that were shown for introspection.</summary>
    public ConcurrentQueue<string> Shown { get; } = new();

    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What the token endpoint answers to a form.</summary>
    public Func<IFormCollection, object> Redeem { get; set; } = _ => new { error = "invalid_grant" };

    /// <summary>What the userinfo endpoint answers; null for 404.</summary>
    public object? Userinfo { get; set; }

    /// <summary>Metadata promises RFC 9207's iss.</summary>
    public bool NamesItself { get; set; }

    public static async Task<ForeignIssuer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var issuer = new ForeignIssuer(builder.Build());
        issuer.app.Run(issuer.AnswerAsync);
        await issuer.app.StartAsync();
        issuer.AddKey("k1");
        return issuer;
    }

    public void AddKey(string id) => keys[id] = (ECDsa.Create(ECCurve.NamedCurves.nistP256), true);

    public void Withdraw(string id) => keys[id] = (keys[id].Key, false);

    public string Token(string keyId, object claims, string alg = "ES256")
    {
        var input = $"{Encode(JsonSerializer.SerializeToUtf8Bytes(new { alg, kid = keyId, typ = "JWT" }))}.{Encode(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{input}.{Encode(keys[keyId].Key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    public object Claims(string subject = "partner-1", string audience = "api", int life = 300) => new
    {
        iss = Url, sub = subject, aud = audience, iat = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + life, realm_access = new { roles = new[] { "integration" } },
    };

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
        foreach (var (key, _) in keys.Values) key.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Asked.Enqueue(context.Request.Path);
        if (Down)
        {
            context.Response.StatusCode = 503;
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/.well-known/openid-configuration":
                await context.Response.WriteAsJsonAsync(new
                {
                    issuer = Url, jwks_uri = Url + "/keys", authorization_endpoint = Url + "/authorize", token_endpoint = Url + "/token", userinfo_endpoint = Userinfo is null ? null : Url + "/userinfo", authorization_response_iss_parameter_supported = NamesItself,
                });
                return;
            case "/keys":
                await context.Response.WriteAsJsonAsync(new { keys = keys.Where(one => one.Value.Listed).Select(one => Jwk(one.Key, one.Value.Key)).ToArray() });
                return;
            case "/introspect":
                var form = await context.Request.ReadFormAsync();
                var token = form["token"].ToString();
                Shown.Enqueue(token);
                await context.Response.WriteAsJsonAsync(Active.TryGetValue(token, out var claims) ? claims : new { active = false });
                return;
            case "/token":
                var answer = Redeem(await context.Request.ReadFormAsync());
                if (JsonSerializer.SerializeToElement(answer).TryGetProperty("error", out _)) context.Response.StatusCode = 400;
                await context.Response.WriteAsJsonAsync(answer);
                return;
            case "/userinfo" when Userinfo is not null:
                await context.Response.WriteAsJsonAsync(Userinfo);
                return;
            default:
                context.Response.StatusCode = 404;
                return;
        }
    }

    private static object Jwk(string id, ECDsa key)
    {
        var point = key.ExportParameters(false).Q;
        return new { kty = "EC", crv = "P-256", kid = id, use = "sig", x = Encode(point.X!), y = Encode(point.Y!) };
    }

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
