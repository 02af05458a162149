using System.Collections.Immutable;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Keys;
using Gatehouse.Outbound;
using Gatehouse.People;
using Gatehouse.People.Import;
using Gatehouse.SignIn.Import;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.SignIn.Import;

/// <summary>Imports from a real directory into a real database: a directory of its own for each test, since they change it.</summary>
public abstract class ImportKit : StoreKit
{
    protected const string People = "ou=people," + SlapdKit.Base;
    protected const string Groups = "ou=groups," + SlapdKit.Base;

    protected static readonly string Places = $"""
        dn: {People}
        objectClass: organizationalUnit
        ou: people

        dn: {Groups}
        objectClass: organizationalUnit
        ou: groups


        """;

    private static readonly AuditEvent By = new() { Realm = Realm, Type = "ACTION", Client = "test" };

    /// <summary>The parts of one node that imports.</summary>
    protected sealed record Site(Node Node, Upstreams Upstreams, Links Links, PeopleImport Import, Upstream Upstream, OutboundHttp Http) : IAsyncDisposable
    {
        public async Task<ImportStatus> RunAsync(bool delta = false, bool dryRun = false, bool allow = false, Action<ImportStatus>? told = null, CancellationToken stop = default)
            => await (await Import.TakeAsync(Upstream, new ImportWish(delta, dryRun, allow), By, Stop))!.GoAsync(told, stop);

        public Task<User?> UserAsync(string name) => Node.Users.FindByNameAsync(Realm, name, Stop);

        public async Task<IReadOnlyList<string>> RolesAsync(string name) => [.. (await Node.Roles.RightsAsync(Realm, RoleHolder.User, (await UserAsync(name))!.Id, Stop)).Roles.Where(role => role is "agent" or "team-red").Order(StringComparer.Ordinal)];

        public ValueTask DisposeAsync()
        {
            Upstreams.Dispose();
            Http.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A node with a directory set up as a provider; the roles agent and team-red are there.</summary>
    protected async Task<Site> SiteAsync(string url, TimeProvider? time = null, Func<Upstream, Upstream>? more = null, string kind = "ldap", params (string Name, string Value)[] config)
    {
        var node = time is null ? Node : await SecondNodeAsync(time);
        time ??= TimeProvider.System;
        var http = new OutboundHttp();
        var upstreams = new Upstreams(node.Database, node.Sealer, http, new SamlKeys(node.Database, node.Sealer, time), new UsedProofs(node.Database, node.Sealer), time, Options.Create(new FederationSettings()));
        var links = new Links(node.Database);
        var import = new PeopleImport(upstreams, new ImportPages(node.Database, node.Users, links), new ImportRecords(node.Database, time), new Vanished(node.Database, node.Users), node.Sessions, new Revocations(node.Database, time), node.Database, node.Audit, time);
        var settings = new Dictionary<string, string> { ["urls"] = url, ["usersDn"] = People, ["bindDn"] = SlapdKit.Admin };
        foreach (var (name, value) in config) settings[name] = value;
        var one = new Upstream
        {
            Id = Guid.NewGuid().ToString(), Realm = Realm, Alias = "site", Kind = kind, Config = settings.ToImmutableDictionary(), Secrets = ImmutableDictionary<string, Secret>.Empty.Add("bindPassword", new Secret(SlapdKit.AdminPassword)),
            Mapping = [new MappingRule("groups", "agents", MappingTarget.Role, "agent"), new MappingRule("groups", "team-*", MappingTarget.Role, "team-{value}"), new MappingRule("mail", null, MappingTarget.Attribute, "workMail")],
        };
        one = more?.Invoke(one) ?? one;
        await node.Database.WriteAsync(async work =>
        {
            foreach (var name in (string[])["agent", "team-red"]) await node.Roles.AddAsync(work, NewRole(name));
            return await upstreams.AddAsync(work, one);
        }, Stop);
        await upstreams.LoadAsync(Stop);
        return new Site(node, upstreams, links, import, upstreams.Find(Realm, "site")!, http);
    }

    /// <summary>People of the directory, named u00001 and so on.</summary>
    protected static string Crowd(int count, int from = 1) => string.Concat(Enumerable.Range(from, count).Select(i => Person($"u{i:00000}", "First", $"Last {i}")));

    /// <summary>A person, with their own end of entry.</summary>
    protected static string Person(string uid, string first, string last, string more = "") => SlapdKit.Person(uid, "x", first, last, more).TrimEnd() + "\n\n";

    protected static string Group(string name, params string[] members) => $"dn: cn={name},{Groups}\nobjectClass: groupOfNames\ncn: {name}\n{string.Concat(members.Select(member => $"member: {member}\n"))}\n";

    protected Task<long> WritesAsync() => Node.Database.ReadAsync(connection => Dapper.SqlMapper.ExecuteScalarAsync<long>(connection, "select coalesce(max(seq), 0) from changes"), Stop);
}
