using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>A SAML identity provider that says what a test wants said: for what no real one would send.</summary>
internal sealed class ScriptedIdp(Outpost outpost, string alias)
{
    public const string EntityId = "https://idp.example/saml";

    public SamlPrivateKey Key { get; private set; } = NewKey();

    public string Endpoint => $"{outpost.Url}/broker/{alias}/endpoint";

    public IReadOnlyDictionary<string, string> Config => new Dictionary<string, string>
    {
        ["entityId"] = EntityId, ["ssoUrl"] = "https://idp.example/sso", ["sloUrl"] = "https://idp.example/slo", ["certificates"] = Key.Public.ToPem(), ["usernameAttribute"] = "uid", ["emailAttribute"] = "mail", ["groupsAttribute"] = "groups",
    };

    public static SamlPrivateKey NewKey()
    {
        using var rsa = RSA.Create(2048);
        return SamlPrivateKey.SelfSigned(rsa, "idp", DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    public void ChangeKey() => Key = NewKey();

    /// <summary>Lets the browser leave, and reads the request that it took along.</summary>
    public async Task<(AuthnRequest Request, string RelayState, RedirectBinding Binding)> LeaveAsync(Browser browser)
    {
        var left = await outpost.LeaveAsync(browser, alias);
        Assert.True(RedirectBinding.TryRead(left.Query, out var binding, out var error), error.ToString());
        Assert.True(AuthnRequest.TryRead(binding.Message, out var request, out error), error.ToString());
        return (request, binding.RelayState!, binding);
    }

    public SamlAnswer Answer(string? request, string name, string id = "")
    {
        var now = DateTimeOffset.UtcNow;
        return new SamlAnswer
        {
            IssueInstant = now, Issuer = EntityId, Destination = Endpoint, InResponseTo = request,
            Assertion = new SamlAssertion
            {
                Id = id.Length > 0 ? id : SamlWriting.NewId(), IssueInstant = now, Issuer = EntityId, Audience = outpost.Url, Recipient = Endpoint, InResponseTo = request, NameId = new SamlNameId("id-of-" + name, SamlNames.PersistentName), AuthnInstant = now, SessionIndex = "s-" + name,
                Attributes = [new SamlAttributeValues("uid", null, null, [name]), new SamlAttributeValues("mail", null, null, [$"{name}@example.org"]), new SamlAttributeValues("groups", null, null, ["agents"])],
            },
        };
    }

    public Task<(HttpResponseMessage Page, Uri At)> PostAsync(Browser browser, SamlElement message, string relayState) => PostAsync(browser, Convert.ToBase64String(message.ToBytes()), relayState);

    /// <summary>Posts as a browser does from another site's page, and follows to where that ends.</summary>
    public async Task<(HttpResponseMessage Page, Uri At)> PostAsync(Browser browser, string message, string relayState)
    {
        using var answer = await browser.PostAsync($"/realms/{Outpost.Realm}/broker/{alias}/endpoint", [new("SAMLResponse", message), new("RelayState", relayState)]);
        if (answer.StatusCode == HttpStatusCode.SeeOther) return await browser.FollowAsync(answer.Headers.Location!.ToString());
        var copy = new HttpResponseMessage(answer.StatusCode) { Content = new StringContent(await answer.Content.ReadAsStringAsync()) };
        return (copy, new Uri(outpost.Desk.Url, "/refused"));
    }
}
