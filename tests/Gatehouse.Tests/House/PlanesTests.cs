using Gatehouse.House;
using Xunit;

namespace Gatehouse.Tests.House;

public sealed class PlanesTests
{
    [Theory]
    [InlineData("/realms/contact-centre/protocol/openid-connect/token")]
    [InlineData("/realms")]
    [InlineData("/admin/realms")]
    [InlineData("/health/live")]
    [InlineData("/assets/a.css?v=1")]
    [InlineData("/.well-known/oauth-protected-resource/ccm")]
    public void Identity_answers_its_own_addresses(string path) => Assert.True(Planes.IsIdentity(path, []));

    [Theory]
    [InlineData("/")]
    [InlineData("/realmsx")]
    [InlineData("/Realms/contact-centre")]
    [InlineData("/agent-manager/../realms/x")]
    [InlineData("//realms/x")]
    [InlineData("/%72ealms/x")]
    [InlineData("/administrator")]
    [InlineData("http://127.0.0.1/realms/x")]
    [InlineData("*")]
    [InlineData("")]
    public void All_else_goes_to_the_gate_which_refuses_tricks(string path) => Assert.False(Planes.IsIdentity(path, []));

    [Theory]
    [InlineData("/xuc/api/2.0/auth/login", true)]
    [InlineData("/xuc/api/2.0/auth/cas?service=x", true)]
    [InlineData("/xuc/api/2.0/authority", false)]
    [InlineData("/xuc/api/2.0/contact/personal", false)]
    [InlineData("/xuc/api/2.0/cti?token=x", false)]
    [InlineData("/xuc/api/2.0/%61uth/login", true)]
    [InlineData("/xuc/api/2.0/%2561uth/login", false)]
    [InlineData("/xuc/api/2.0/contact/../auth/login", false)]
    [InlineData("/admin/realms", true)]
    public void A_facade_that_is_on_has_its_own_addresses_and_no_more(string path, bool identity) => Assert.Equal(identity, Planes.IsIdentity(path, ["/xuc/api/2.0/auth"]));

    [Theory]
    [InlineData("/agent-manager/agent/login", true)]
    [InlineData("/agent-manager/agent/login?x=/y", true)]
    [InlineData("/agent-manager/agent/%6Cogin", true)]
    [InlineData("/%61gent-manager/agent/login?%", true)]
    [InlineData("/agent-manager/agent/login/", true)]
    [InlineData("/agent-manager/Agent/LOGIN/?x", true)]
    [InlineData("/agent-manager/agent/login//", false)]
    [InlineData("/agent-manager/agent/login/x", false)]
    [InlineData("/agent-manager/agent/loginx", false)]
    [InlineData("/agent-manager/agent/./login", false)]
    [InlineData("/agent-manager/agent%2Flogin", false)]
    [InlineData("/agent-manager/agent/%256Cogin", false)]
    [InlineData("/x?/agent-manager/agent/login", false)]
    public void A_single_address_of_a_facade_is_its_own_in_every_spelling_that_means_the_same(string path, bool identity) => Assert.Equal(identity, Planes.IsIdentity(path, [], ["/agent-manager/agent/login"]));

    [Fact]
    public void Only_the_token_endpoint_itself_stays_on_its_thread()
    {
        Assert.True(Planes.IsToken("/realms/contact-centre/protocol/openid-connect/token"));
        foreach (var path in (string[])
            [
                "", "/", "/realms/x/protocol/openid-connect/token/", "/realms/x/protocol/openid-connect/token/introspect", "/realms/protocol/openid-connect/token", "/realms//protocol/openid-connect/token",
                "/realms/x/sign-in/protocol/openid-connect/token", "/admin/realms/x/protocol/openid-connect/token", "/realms/x/protocol/openid-connect/Token",
            ])
            Assert.False(Planes.IsToken(path), path);
    }
}
