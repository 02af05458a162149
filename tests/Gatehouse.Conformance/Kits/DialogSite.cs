using Gatehouse.House.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Conformance.Kits;

/// <summary>An installation with dialogs, its nodes real processes: on one SQLite file, or two over PostgreSQL. A node can be killed and comes back at the same port.</summary>
public sealed class DialogSite : IAsyncDisposable
{
    public const string Realm = "calls";
    private const string Manage = "realm-management/manage-dialogs";

    private readonly WebApplication upstream;
    private readonly string folder;
    private readonly string? connection;
    private readonly List<Node> nodes = [];

    private DialogSite(WebApplication upstream, string folder, string? connection) => (this.upstream, this.folder, this.connection) = (upstream, folder, connection);

    /// <summary>One process. <see cref="Up"/> is done while it serves.</summary>
    public sealed class Node(string data)
    {
        internal string Data { get; } = data;

        internal RunningProgram? Program { get; set; }

        internal TaskCompletionSource Serving { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Up => Serving.Task;

        public Uri Url { get; internal set; } = null!;
    }

    public IReadOnlyList<Node> Nodes => nodes;

    /// <summary>Secrets of the event sources by client.</summary>
    public Dictionary<string, string> Sources { get; } = [];

    /// <summary>Opens it with projects: <c>kept</c> allows recordings after the end, <c>cut</c> has no headroom, <c>mute</c> decays after three seconds of silence.</summary>
    public static async Task<DialogSite> OpenAsync(int sources, string? connection)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var upstream = builder.Build();
        upstream.Run(context => context.Response.WriteAsync("ok"));
        await upstream.StartAsync();
        var site = new DialogSite(upstream, Directory.CreateTempSubdirectory("gatehouse-dialogs-").FullName, connection);
        var data = Path.Combine(site.folder, "a");
        await site.RunAsync(data, "realms", "add", Realm);
        await site.RunAsync(data, "dialogs", "project", "kept", "--silence", "1h", "--headroom", "1h", "--after", "recording", "--role", "bot");
        await site.RunAsync(data, "dialogs", "project", "cut", "--silence", "1h", "--headroom", "0", "--role", "bot");
        await site.RunAsync(data, "dialogs", "project", "mute", "--silence", "3s", "--headroom", "0", "--role", "bot");
        for (var i = 0; i < sources; i++) site.Sources[$"gateway-{i}"] = await site.RunAsync(data, "clients", "add", $"gateway-{i}", "--service-account", "--role", Manage);
        await File.WriteAllTextAsync(site.Access, $$"""
            realm: {{Realm}}
            services:
              v1:
                upstreams: ["{{upstream.Urls.First()}}"]
                accept: [dialog]
                identity: [none]
                rules:
                  - { path: "/v1/call/{dialog}", dialog: { path: dialog }, allow: { roles: [bot] } }
                  - { path: "/v1/recording/{dialog}", dialog: { path: dialog, after: recording }, allow: { roles: [bot] } }
            """);
        site.nodes.Add(new Node(data));
        if (connection is not null)
        {
            // Nodes share the root key as they share the database.
            var other = Path.Combine(site.folder, "b");
            Directory.CreateDirectory(other, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Copy(Path.Combine(data, "root.key"), Path.Combine(other, "root.key"));
            site.nodes.Add(new Node(other));
        }

        foreach (var node in site.nodes) await site.StartAsync(node);
        return site;
    }

    /// <summary>SIGKILL, at this very moment.</summary>
    public static void Kill(Node node)
    {
        node.Serving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Not the tree: to look for children takes seconds, and it has none.
        node.Program!.Process.Kill();
    }

    /// <summary>Starts a killed node at the same port over the same data.</summary>
    public async Task StartAgainAsync(Node node)
    {
        await node.Program!.Process.WaitForExitAsync();
        await StartAsync(node);
    }

    /// <summary>What the node has told since its last start.</summary>
    public static string OutputOf(Node node) => node.Program!.Output;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
            if (node.Program is { } program) await program.DisposeAsync();
        await upstream.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string Access => Path.Combine(folder, "access.yaml");

    private async Task StartAsync(Node node)
    {
        node.Program = await RunningProgram.StartNodeAsync(Access, node.Data, node.Url?.Port ?? 0, connection);
        node.Url = node.Program.Url;
        node.Serving.TrySetResult();
    }

    private async Task<string> RunAsync(string data, params string[] words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] where = connection is null ? ["--data", data] : ["--data", data, "--connection", connection];
        var code = await CommandLine.RunAsync([.. words, .. where], new Terminal(TextReader.Null, output, error, Interactive: false));
        return code == 0 ? output.ToString().Trim() : throw new InvalidOperationException($"{string.Join(' ', words)}: {error}");
    }
}
