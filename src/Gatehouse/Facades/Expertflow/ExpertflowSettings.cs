using Gatehouse.SignIn.OneTime;

namespace Gatehouse.Facades.Expertflow;

/// <summary>Settings of the Expertflow facade. Which of its calls are on, and how long, is <c>facades:expertflow:until</c>.</summary>
public sealed class ExpertflowSettings
{
    /// <summary>Realm whose people sign in at Expertflow's addresses; empty means that the facade is off.</summary>
    public string Realm { get; set; } = "";

    /// <summary>Client of the realm for which tokens are made: its roles, scopes, audiences, permissions and signing algorithm count. It must exist, with token exchange allowed.</summary>
    public string Client { get; set; } = "cim";

    /// <summary>Life of an access token; the vendor's samples have half an hour.</summary>
    public TimeSpan Expires { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether <c>keycloakLogin</c> answers <c>{"statusCode", "data"}</c>, as the vendor's pages show, or the bare object, as its older builds send; those have the text <c>Invalid Credentials</c> for a refusal.</summary>
    public bool Wrapped { get; set; } = true;

    /// <summary>Whether the second factor's calls refuse in the flat form of the vendor's library, <c>{"error":401,"error_message","code"}</c>, or in the form of the sign-in, <c>{"error":{"error_message","error_detail"}}</c>.</summary>
    public bool FlatOneTimeErrors { get; set; } = true;

    /// <summary>Whether somebody without a role of their own (other than <c>default-roles-…</c>, <c>offline_access</c>, <c>uma_authorization</c>) is refused.</summary>
    public bool NeedsRole { get; set; } = true;

    /// <summary>Whether an agent needs a group with <c>_permission</c> in its name, and a supervisor the group <c>senior_agents_permission</c>.</summary>
    public bool NeedsPermissionGroup { get; set; } = true;

    /// <summary>Whether an agent and a supervisor need a team.</summary>
    public bool NeedsTeam { get; set; } = true;

    /// <summary>Second factor that both sign-in calls ask for: <c>app</c> (authenticator app), <c>sms</c> (text message; <c>signin:onetime</c> names the provider), or empty for none. Who registered another one keeps it.</summary>
    public string SecondFactor { get; set; } = "";

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
        => Client.Length == 0 ? "facades:expertflow:client must name a client of the realm."
            : Expires < TimeSpan.FromMinutes(1) || Expires > TimeSpan.FromHours(24) ? "facades:expertflow:expires must be one minute to 24 hours, written hours:minutes:seconds."
            : SecondFactor.Length > 0 && !Channel.Is(SecondFactor) ? "facades:expertflow:secondFactor must be app or sms, or empty for none." : null;
}
