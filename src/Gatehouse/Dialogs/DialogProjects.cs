using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>The projects of all realms, in memory, kept fresh by the change feed (<c>dialog.project</c>).</summary>
public sealed class DialogProjects : IDisposable
{
    private readonly Database database;
    private readonly Sealer sealer;
    private readonly IDisposable hearing;
    private volatile FrozenDictionary<(string Realm, string Name), Held> known = FrozenDictionary<(string, string), Held>.Empty;

    /// <summary>Listens to the feed.</summary>
    public DialogProjects(Database database, Sealer sealer)
    {
        (this.database, this.sealer) = (database, sealer);
        hearing = database.Feed.Reload("dialog.project", LoadAsync);
    }

    /// <summary>By name; null when there is none.</summary>
    public DialogProject? Find(string realm, string name) => known.GetValueOrDefault((realm, name))?.Project;

    /// <summary>The roles that a token of the project stands for.</summary>
    public FrozenSet<string> RolesOf(string realm, string name, bool visitor) => known.TryGetValue((realm, name), out var held) ? visitor ? held.VisitorRoles : held.Roles : FrozenSet<string>.Empty;

    /// <summary>Whether something is allowed after the end of a dialog.</summary>
    public bool AllowsAfter(string realm, string name, string what) => known.TryGetValue((realm, name), out var held) && held.Project.After.Contains(what);

    /// <summary>A realm's projects by name.</summary>
    public IReadOnlyList<DialogProject> Of(string realm) => [.. known.Values.Select(one => one.Project).Where(one => one.Realm == realm).OrderBy(one => one.Name, StringComparer.Ordinal)];

    /// <summary>Adds a project, or replaces the one of its name. Throws <see cref="ArgumentException"/> when something is wrong with it.</summary>
    public async Task PutAsync(Work work, DialogProject project)
    {
        if (project.Fault is { } fault) throw new ArgumentException(fault, nameof(project));
        await work.Connection.ExecuteAsync("insert into dialog_projects (realm, name, body) values (@Realm, @Name, @body) on conflict (realm, name) do update set body = excluded.body",
            new { project.Realm, project.Name, body = JsonSerializer.Serialize(project) }, work.Transaction);
        await work.AnnounceAsync(new Change("dialog.project", project.Realm, project.Name));
    }

    /// <summary>Deletes a project: its dialogs go on until they are over, and nothing is allowed after their end. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string name)
    {
        var count = await work.Connection.ExecuteAsync("delete from dialog_projects where realm = @realm and name = @name", new { realm, name }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("dialog.project", realm, name));
        return count == 1;
    }

    /// <summary>Deletes all of a realm, its dialogs included.</summary>
    public async Task RemoveAllAsync(Work work, string realm)
    {
        await work.Connection.ExecuteAsync("delete from dialogs where realm = @realm", new { realm }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from dialog_projects where realm = @realm", new { realm }, work.Transaction);
        await work.AnnounceAsync(new Change("dialog.project", realm, ""));
        await work.AnnounceAsync(new Change("dialog.realm", realm, realm));
    }

    /// <summary>
    /// Secrets under which a project's events are signed for its bot (Standard Webhooks), the one in use first: <c>whsec_</c> and 32 bytes in Base64. They follow from root key and generation, so that nothing is stored;
    /// the one before stays beside the new one while bots change over.
    /// </summary>
    public IReadOnlyList<string> Secrets(DialogProject project)
    {
        string Of(int generation) => "whsec_" + Convert.ToBase64String(sealer.Hash($"dialog events/{project.Realm}/{project.Name}", Encoding.ASCII.GetBytes(generation.ToString())));
        return project.SecretGeneration > 1 ? [Of(project.SecretGeneration), Of(project.SecretGeneration - 1)] : [Of(project.SecretGeneration)];
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    /// <summary>Reads all anew; called at start and by the feed.</summary>
    internal async Task LoadAsync(CancellationToken stop)
    {
        var bodies = await database.ReadAsync(async connection => (await connection.QueryAsync<string>("select body from dialog_projects")).AsList(), stop);
        known = bodies.Select(body => JsonSerializer.Deserialize<DialogProject>(body)!).ToFrozenDictionary(one => (one.Realm, one.Name), one => new Held(one, one.Roles.ToFrozenSet(), one.VisitorRoles.ToFrozenSet()));
    }

    private sealed record Held(DialogProject Project, FrozenSet<string> Roles, FrozenSet<string> VisitorRoles);
}
