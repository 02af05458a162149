using Gatehouse.Facades.Expertflow.Teams;
using Gatehouse.People;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary>What the vendor's library asks of a person beyond the proof: a role, a group that grants permissions, a team (branch "1.8.2", each can be switched off). Asked only after the person is proven.</summary>
internal sealed class EntryCheck(RightsCache rights, ITeams teams, IOptions<ExpertflowSettings> options, ILogger<EntryCheck> logger)
{
    public const string NoRole = "role_missing";
    public const string NoPermissions = "permissions_missing";
    public const string NoTeam = "team_missing";
    public const string TeamsLate = "teams_late";
    public const string TeamsAway = "teams_away";
    public const string TeamsBroken = "teams_broken";

    public static readonly IReadOnlyCollection<string> Codes = [NoRole, NoPermissions, NoTeam, TeamsLate, TeamsAway, TeamsBroken];

    private readonly ExpertflowSettings settings = options.Value;

    /// <summary>The code of the first thing that is missing; null when nothing is.</summary>
    public async ValueTask<string?> BarAsync(User user, CancellationToken stop)
    {
        var held = await rights.OfAsync(user.Realm, RoleHolder.User, user.Id, stop);
        var roles = held.Roles.Where(role => !role.Contains('/', StringComparison.Ordinal) && !role.StartsWith("default-roles-", StringComparison.Ordinal) && role is not ("offline_access" or "uma_authorization")).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (settings.NeedsRole && roles.Count == 0) return NoRole;
        var (agent, supervisor) = (roles.Contains(Vendor.Agent), roles.Contains(Vendor.SupervisorRole));
        if (!agent && !supervisor) return null;
        if (settings.NeedsPermissionGroup && !held.Groups.Select(NameOf).Any(group => supervisor ? group == Vendor.SeniorGroup : group.Contains(Vendor.PermissionGroup, StringComparison.Ordinal))) return NoPermissions;
        if (!settings.NeedsTeam) return null;
        try
        {
            return (await teams.OfAsync(user, stop)).Any ? null : NoTeam;
        }
        catch (TeamsFault fault)
        {
            logger.LogWarning("Who is in which team cannot be known: {Message}", fault.Message);
            return fault.Status switch { 408 => TeamsLate, 404 => TeamsAway, _ => TeamsBroken };
        }
    }

    /// <summary>What the person is told.</summary>
    public static Fault Words(string code) => Said(code) with { Code = code };

    private static Fault Said(string code) => code switch
    {
        NoRole => new Fault(403, Vendor.LoginFailed, "No role is assigned to this user. Please check with your administrator."),
        NoPermissions => new Fault(403, Vendor.LoginFailed, "No permission group that fits this user's role is assigned to this user. Please check with your administrator."),
        NoTeam => new Fault(403, Vendor.LoginFailed, "No team is assigned to this user. Please check with your administrator."),
        TeamsLate => new Fault(408, Vendor.LoginFailed, "The team server does not answer in time. Try again in a moment."),
        TeamsAway => new Fault(404, Vendor.LoginFailed, "The team server cannot be reached."),
        _ => new Fault(500, Vendor.LoginFailed, "The team server's answer does not count."),
    };

    // Groups are paths here.
    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
