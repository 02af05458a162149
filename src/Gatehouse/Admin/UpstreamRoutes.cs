using System.Collections.Immutable;
using Gatehouse.Admin.Representations;
using Gatehouse.Federation;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>Upstream identity providers at Keycloak's addresses, the test of one, and users' links to them.</summary>
internal static class UpstreamRoutes
{
    private const string Instances = "identity-provider/instances";
    private const string One = Instances + "/{alias}";

    // What Keycloak's console sends along, and what we do anyhow.
    private static readonly string[] Known =
        ["internalId", "storeToken", "addReadTokenRoleOnCreate", "authenticateByDefault", "firstBrokerLoginFlowAlias", "postBrokerLoginFlowAlias", "updateProfileFirstLoginMode", "types", "organizationId"];

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal) { ["defaultScope"] = "scopes" };
    private static readonly string[] Implied = ["useJwksUrl", "validateSignature", "pkceEnabled", "pkceMethod", "syncMode", "guiOrder", "hideOnLoginPage", "backchannelSupported", "disableUserInfo", "loginHint", "uiLocales", "isAccessTokenJWT", "metadataDescriptorUrl"];

    public static void Map(AdminRoutes admin)
    {
        admin.Get("identity-provider/kinds", "Lists the kinds of identity provider and their settings", Right.ViewUpstreams, _ => Task.FromResult(Answer.Ok(UpstreamKinds.All.Values.Select(ProviderKindRepresentation.Of).ToArray()))).Gives<ProviderKindRepresentation[]>();
        admin.Get(Instances, "Lists the identity providers", Right.ViewUpstreams, ListAsync).Queries("search", "first", "max", "briefRepresentation").Gives<IdentityProviderRepresentation[]>();
        admin.Post(Instances, "Adds an identity provider", Right.ManageUpstreams, AddAsync).Takes<IdentityProviderRepresentation>().Gives(201);
        admin.Get(One, "Shows an identity provider; secrets masked", Right.ViewUpstreams, asked => Task.FromResult(Answer.Ok(IdentityProviderRepresentation.Of(Find(asked))))).Gives<IdentityProviderRepresentation>();
        admin.Put(One, "Changes an identity provider", Right.ManageUpstreams, ChangeAsync).Takes<IdentityProviderRepresentation>().Gives(204);
        admin.Delete(One, "Deletes an identity provider", Right.ManageUpstreams, RemoveAsync).Gives(204);
        admin.Post(One + "/test-link", "Makes a link, good once for 15 minutes, at which a browser goes to the provider and back and is shown each hop, each claim and what the mapping makes of them; nobody is signed in", Right.ManageUpstreams, TestLinkAsync).Gives<TestLinkRepresentation>();
        admin.Post(One + "/test", "Asks an identity provider as a sign-in would, and changes nothing", Right.ManageUpstreams, TestAsync).Takes<TestBody>().Gives<ProviderTestRepresentation>();
        admin.Get("users/{user}/federated-identity", "Lists a user's links to identity providers", Right.ViewUsers, LinksAsync).Gives<FederatedIdentityRepresentation[]>();
        admin.Delete("users/{user}/federated-identity/{alias}", "Takes a user's link away, with the rights that came by it", Right.ManageUsers, UnlinkAsync).Gives(204);
    }

    /// <summary>Whom to try; nobody to look at the way alone.</summary>
    private sealed record TestBody(string? Username, string? Password);

    internal static Upstream Find(Asked asked) => asked.Rooms.Upstreams.Find(asked.Realm.Name, asked.Route("alias")) ?? throw Refused.Missing("Identity provider");

    private static Task<Answer> ListAsync(Asked asked)
    {
        _ = asked.Flag("briefRepresentation");
        var (first, max, search) = (asked.Number("first", 0, 10_000), asked.Number("max", 500, 500), asked.Query("search"));
        return Task.FromResult(Answer.Ok(asked.Rooms.Upstreams.Of(asked.Realm.Name).Where(one => search is null || one.Alias.Contains(search, StringComparison.OrdinalIgnoreCase) || one.Title.Contains(search, StringComparison.OrdinalIgnoreCase))
            .Skip(first).Take(max).Select(IdentityProviderRepresentation.Of).ToArray()));
    }

    private static async Task<Answer> AddAsync(Asked asked)
    {
        var body = await asked.ReadAsync();
        var made = Apply(asked, body, new Upstream { Id = Guid.NewGuid().ToString(), Realm = asked.Realm.Name, Alias = body.Text("alias") ?? throw Refused.Invalid("'alias' is missing."), Kind = body.Text("providerId") ?? throw Refused.Invalid("'providerId' is missing.") });
        await CheckAsync(asked, made);
        await asked.ChangeOrConflictAsync("CREATE", "IDENTITY_PROVIDER", $"identity-provider/instances/{made.Alias}", $"Identity Provider {made.Alias} already exists", work => asked.Rooms.Upstreams.AddAsync(work, made));
        return Answer.Created($"{asked.Root}identity-provider/instances/{made.Alias}");
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var old = Find(asked);
        var body = await asked.ReadAsync();
        if (body.Text("providerId") is { } kind && kind != old.Kind) throw Refused.Invalid("'providerId' cannot be changed; add another provider.");
        var changed = Apply(asked, body, old with { Alias = body.Text("alias") ?? old.Alias });
        await CheckAsync(asked, changed);
        await asked.ChangeOrConflictAsync("UPDATE", "IDENTITY_PROVIDER", $"identity-provider/instances/{old.Alias}", $"Identity Provider {changed.Alias} already exists", work => asked.Rooms.Upstreams.ChangeAsync(work, changed));
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var one = Find(asked);
        await asked.ChangeAsync("DELETE", "IDENTITY_PROVIDER", $"identity-provider/instances/{one.Alias}", work => asked.Rooms.Upstreams.RemoveAsync(work, asked.Realm.Name, one.Id));
        return Answer.Done;
    }

    private static async Task<Answer> TestLinkAsync(Asked asked)
    {
        var one = Find(asked);
        if (asked.Rooms.Upstreams.Open(one).Upstream is not IRedirects) throw Refused.Invalid($"A provider of the kind '{one.Kind}' is not visited by browsers: use 'test'.");
        return Answer.Ok(new TestLinkRepresentation(asked.Rooms.Issuers.PublicUrl.TrimEnd('/') + await asked.Rooms.BrowserTests.OpenAsync(one, asked.Stop)));
    }

    private static async Task<Answer> TestAsync(Asked asked)
    {
        var one = Find(asked);
        var body = await asked.ReadAsync();
        var (username, password) = (body.Text("username"), body.Text("password"));
        body.Rest(asked.Ignore);
        var test = await UpstreamTest.RunAsync(asked.Rooms.Upstreams.Open(one).Upstream, one, username, password is null ? null : new Secret(password), asked.Stop);
        var (person, refused) = ((test.Finding as Finding.Known)?.Identity, test.Finding as Finding.Refused);
        return Answer.Ok(new ProviderTestRepresentation(
            test.Down is null && refused is null, test.Down is not null ? "unavailable" : refused?.Code, test.Down ?? refused?.Detail, test.Trace.Lines, person?.Subject, person?.Username, person?.Attributes, person?.Groups, test.Mapped?.Roles, test.Mapped?.Groups));
    }

    private static async Task<Answer> LinksAsync(Asked asked)
    {
        var all = asked.Rooms.Upstreams.Of(asked.Realm.Name);
        return Answer.Ok((await asked.Rooms.Links.OfUserAsync(asked.Realm.Name, asked.Route("user"), asked.Stop)).Select(link => FederatedIdentityRepresentation.Of(link, all.FirstOrDefault(one => one.Id == link.Upstream)?.Alias ?? link.Upstream)).ToArray());
    }

    private static async Task<Answer> UnlinkAsync(Asked asked)
    {
        var (one, user) = (Find(asked), asked.Route("user"));
        await Beyond.RefuseUserAsync(asked, user);
        var gone = await asked.ChangeAsync("DELETE", "USER", $"users/{user}/federated-identity/{one.Alias}", work => asked.Rooms.Links.RemoveAsync(work, asked.Realm.Name, one.Id, user));
        return gone ? Answer.Done : throw Refused.Missing("Link");
    }

    private static Upstream Apply(Asked asked, Body body, Upstream one)
    {
        one = one with
        {
            DisplayName = body.Text("displayName") ?? one.DisplayName, Enabled = body.Flag("enabled") ?? one.Enabled, TrustsEmail = body.Flag("trustEmail") ?? one.TrustsEmail, CreatesUsers = !(body.Flag("linkOnly") ?? !one.CreatesUsers),
            Hidden = body.Flag("hideOnLogin") ?? one.Hidden, Order = (int)(body.Number("order", -1000, 1000) ?? one.Order), UpdatesUsers = body.Flag("updatesUsers") ?? one.UpdatesUsers, KeepsPasswords = body.Flag("keepsPasswords") ?? one.KeepsPasswords, ContinuityDays = (int)(body.Number("continuityDays", 0, 30) ?? one.ContinuityDays), ContinuityRoles = body.Texts("continuityRoles") ?? one.ContinuityRoles, Domains = body.Texts("domains") ?? one.Domains, LoginNames = body.Texts("loginNames") ?? one.LoginNames,
        };
        if (body.Attributes("config") is { } config) one = WithConfig(asked, one, config);
        if (body.List("mapping") is { } rules) one = one with { Mapping = [.. rules.Select(Rule)] };
        body.Rest(asked.Ignore, [.. Known, "alias", "providerId"]);
        return one;
    }

    private static Upstream WithConfig(Asked asked, Upstream one, ImmutableDictionary<string, ImmutableArray<string>> config)
    {
        var settings = UpstreamKinds.All.TryGetValue(one.Kind, out var kind) ? kind.Settings : [];
        var (plain, secrets) = (ImmutableDictionary.CreateBuilder<string, string>(), ImmutableDictionary.CreateBuilder<string, Secret>());
        foreach (var (sent, values) in config)
        {
            var (name, value) = (Names.GetValueOrDefault(sent, sent), values[0]);
            var setting = settings.FirstOrDefault(known => known.Name == name);
            if (setting is null && Implied.Contains(name)) asked.Ignore($"config.{sent}");
            else if (setting is { Secret: true })
            {
                if (value != IdentityProviderRepresentation.Masked) secrets[name] = new Secret(value);
                else if (one.Secrets.TryGetValue(name, out var kept)) secrets[name] = kept;
            }
            else plain[name] = value;
        }

        return one with { Config = plain.ToImmutable(), Secrets = secrets.ToImmutable() };
    }

    private static MappingRule Rule(Body rule)
        => new(rule.Text("source") ?? "", rule.Text("value"), rule.Text("to") switch
        {
            "role" => MappingTarget.Role,
            "group" => MappingTarget.Group,
            "attribute" => MappingTarget.Attribute,
            _ => throw Refused.Invalid("'to' of a mapping rule is role, group or attribute."),
        }, rule.Text("target") ?? "");

    // A mapping hands out rights: nobody writes one that gives more than they hold.
    private static async Task CheckAsync(Asked asked, Upstream one)
    {
        if (UpstreamKinds.Fault(one) is { } fault) throw Refused.Invalid(fault);
        foreach (var rule in one.Mapping)
        {
            if (rule.To == MappingTarget.Role)
            {
                var slash = rule.Target.IndexOf('/', StringComparison.Ordinal);
                if (rule.Target.Contains("{value}", StringComparison.Ordinal) && (slash < 0 || rule.Target[..slash] is Right.Client || rule.Target[..slash].Contains('{', StringComparison.Ordinal))) asked.Need(Right.RealmAdmin);
                else if (await asked.Rooms.Roles.FindByNameAsync(asked.Realm.Name, slash < 0 ? null : rule.Target[..slash], rule.Target[(slash + 1)..], asked.Stop) is { } role) await Beyond.RefuseRoleAsync(asked, role);
            }

            if (rule.To == MappingTarget.Group)
            {
                if (rule.Target.Contains("{value}", StringComparison.Ordinal)) asked.Need(Right.RealmAdmin);
                else if (await asked.Rooms.Groups.FindByPathAsync(asked.Realm.Name, rule.Target, asked.Stop) is { } group) await Beyond.RefuseGroupAsync(asked, group);
            }
        }
    }
}
