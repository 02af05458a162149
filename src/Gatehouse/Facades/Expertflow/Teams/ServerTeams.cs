using System.Net;
using System.Text.Json;
using Gatehouse.Outbound;
using Gatehouse.People;
using Gatehouse.Wire.Text;

namespace Gatehouse.Facades.Expertflow.Teams;

/// <summary>Teams that the vendor's own server keeps: <c>GET {ef-server-url}/team/{user id}</c>, as its library asks for them. 404 and 500 mean that the person has none.</summary>
internal sealed class ServerTeams(OutboundHttp http, string server) : ITeams
{
    public async Task<TeamsOfPerson> OfAsync(User user, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{server.TrimEnd('/')}/team/{Uri.EscapeDataString(user.Id)}");
        var (status, body) = await SendAsync(request, stop);
        if (status is HttpStatusCode.NotFound or HttpStatusCode.InternalServerError) return TeamsOfPerson.None;
        if (status != HttpStatusCode.OK) throw new TeamsFault(500, $"The team server answers {(int)status}.");
        if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) throw new TeamsFault(500, "The team server's answer is no JSON object.");
        using (document)
        {
            var (supervised, second) = (new List<Team>(), new List<Team>());
            if (document.RootElement.TryGetProperty("supervisedTeams", out var all) && all.ValueKind == JsonValueKind.Array)
                foreach (var one in all.EnumerateArray())
                    if (Read(one) is { } team) (IsFirst(one, user.Username) ? supervised : second).Add(team);
            return new TeamsOfPerson(document.RootElement.TryGetProperty("userTeam", out var own) ? Read(own) : null, supervised, second);
        }
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await http.SendAsync(request, stop);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new TeamsFault(408, "The team server does not answer in time.");
        }
        catch (HttpRequestException)
        {
            throw new TeamsFault(404, "The team server cannot be reached.");
        }
    }

    // The server lists a team under both kinds of supervisor; the name tells which this person is.
    private static bool IsFirst(JsonElement team, string username) => !team.TryGetProperty(Vendor.Supervisor, out var first) || first.ValueKind != JsonValueKind.String || string.Equals(first.GetString(), username, StringComparison.OrdinalIgnoreCase);

    private static Team? Read(JsonElement team)
        => team.ValueKind == JsonValueKind.Object && team.TryGetProperty(Vendor.TeamId, out var id) && team.TryGetProperty(Vendor.TeamName, out var name) && Text(id) is { Length: > 0 } key ? new Team(key, Text(name) ?? "") : null;

    private static string? Text(JsonElement value) => value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null };
}
