using Gatehouse.Admin.Representations;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Admin;

/// <summary>
/// Realms. An administrator manages their own realm only. Realms are made by principals of the realm <c>master</c> who hold its role <c>create-realm</c> (or by the command line); whoever asks for
/// the list sees the realm of their token.
/// </summary>
internal static class RealmRoutes
{
    /// <summary>The realm whose administrators may make realms.</summary>
    public const string Master = "master";

    /// <summary>Realm role of <see cref="Master"/> that is needed for it.</summary>
    public const string CreateRealm = "create-realm";

    private static readonly string[] Known = ["id", "keycloakVersion", "revokeRefreshToken", "refreshTokenMaxReuse"];

    private static readonly (string Name, string Why)[] NotOffered =
    [
        ("registrationAllowed", "people cannot register themselves."), ("resetPasswordAllowed", "password reset by mail is not offered."), ("verifyEmail", "verification by mail is not offered."),
        ("duplicateEmailsAllowed", "an e-mail address belongs to one person."), ("registrationEmailAsUsername", "user names are given."), ("permanentLockout", "an outsider could lock people out."),
        ("userManagedAccessAllowed", "user-managed access is not offered."), ("offlineSessionMaxLifespanEnabled", "offline sessions end with their session."),
    ];

    public static void Map(AdminRoutes admin, IEndpointRouteBuilder routes)
    {
        AdminRoutes.Describe(routes.MapGet("/admin/realms", (RequestDelegate)(context => AdminRoutes.GuardAsync(context, () => ListAsync(context)))), "Lists the realm of the token", "any right").Queries("briefRepresentation").Gives<RealmRepresentation[]>();
        AdminRoutes.Describe(routes.MapPost("/admin/realms", (RequestDelegate)(context => AdminRoutes.GuardAsync(context, () => AddAsync(context)))), "Makes a realm", $"the realm role {CreateRealm} of the realm {Master}").Takes<RealmRepresentation>().Gives(201);
        admin.Get("", "Shows the realm", Right.ViewRealm, asked => Task.FromResult(Answer.Ok(RealmRepresentation.Of(asked.Realm)))).Gives<RealmRepresentation>();
        admin.Put("", "Changes the members that are sent, and leaves the others", Right.ManageRealm, ChangeAsync).Takes<RealmRepresentation>().Gives(204);
        admin.Delete("", "Deletes the realm and all in it", Right.RealmAdmin, RemoveAsync).Gives(204);
    }

    private static async Task<(Principal Principal, Realm Realm, Admission Admission, Rooms Rooms)> AdmitAsync(HttpContext context)
    {
        var (rooms, admission) = (context.RequestServices.GetRequiredService<Rooms>(), context.RequestServices.GetRequiredService<Admission>());
        // The token says whose it is; then that realm's keys decide whether it tells the truth.
        var name = Admission.ClaimedRealm(context, context.RequestServices.GetRequiredService<Issuers>().RealmOf) ?? Master;
        var (principal, reason) = await admission.AdmitAsync(context, name);
        if (principal is null) throw new Refused(reason!);
        return (principal, rooms.Realms.Find(name) ?? throw Refused.Missing("Realm"), admission, rooms);
    }

    private static async Task ListAsync(HttpContext context)
    {
        var (principal, realm, admission, _) = await AdmitAsync(context);
        var rights = await admission.RightsOfAsync(principal, context.RequestAborted);
        AdminRoutes.RefuseUnknownQuery(context);
        if (rights.Count == 0) throw new Refused(Reasons.AdminDenied, "Needs any role of realm-management.");
        await AdminRoutes.WriteAsync(context, Answer.Ok(new[] { Right.ViewRealm.IsIn(rights) ? RealmRepresentation.Of(realm) : new RealmRepresentation { Id = realm.Name, Realm = realm.Name } }));
    }

    private static async Task AddAsync(HttpContext context)
    {
        var (principal, realm, admission, rooms) = await AdmitAsync(context);
        var held = await admission.HeldAsync(principal, context.RequestAborted);
        if (principal.Realm != Master || !held.Contains(CreateRealm)) throw new Refused(Reasons.AdminDenied, $"Needs the realm role {CreateRealm} of the realm {Master}.");
        AdminRoutes.RefuseUnknownQuery(context);
        var asked = new Asked(context, realm, principal, new HashSet<string>(), rooms);
        var body = await asked.ReadAsync();
        var name = body.Text("realm") ?? "";
        if (!Realms.IsName(name)) throw Refused.Invalid("'realm' must be 1 to 64 lower-case letters, digits, dashes or underscores.");
        var made = Apply(asked, body, new Realm { Name = name });
        await asked.ChangeOrConflictAsync("CREATE", "REALM", $"realms/{name}", $"Conflict detected. Realm {name} already exists", work => rooms.Realms.AddAsync(work, made));
        await AdminRoutes.WriteAsync(context, Answer.Created($"/admin/realms/{name}"));
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var body = await asked.ReadAsync();
        if (body.Text("realm") is { } name && name != asked.Realm.Name) throw Refused.Unsupported("A realm cannot be renamed: its name is in every token's issuer.");
        // Nobody of a disabled realm obtains a token, so nobody could undo it here.
        if (body.Flag("enabled") == false && asked.Realm.Enabled) throw Refused.Unsupported("A realm cannot disable itself, since none of its administrators could enable it again; use: gatehouse realms disable NAME.");
        var changed = Apply(asked, body, asked.Realm);
        await asked.ChangeAsync("UPDATE", "REALM", "", async work => await asked.Rooms.Realms.ChangeAsync(work, changed) ? true : throw Refused.Missing("Realm"));
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        await asked.ChangeAsync("DELETE", "REALM", "", async work =>
        {
            // All that a later realm of the same name could inherit goes with it.
            await asked.Rooms.Sessions.EndRealmAsync(work, asked.Realm.Name);
            await RealmEnd.RemoveAsync(work, asked.Realm.Name);
            await asked.Rooms.Dialogs.RemoveAllAsync(work, asked.Realm.Name);
            await asked.Rooms.OneTime.RemoveAllAsync(work, asked.Realm.Name);
            await asked.Rooms.Revocations.AddAsync(work, RevocationKind.Realm, asked.Realm.Name, asked.Realm.Name);
            await asked.Rooms.Clients.RemoveAllAsync(work, asked.Realm.Name);
            await asked.Rooms.Upstreams.RemoveAllAsync(work, asked.Realm.Name);
            if (!await asked.Rooms.Realms.RemoveAsync(work, asked.Realm.Name)) throw Refused.Missing("Realm");
            await asked.Rooms.Audit.WriteAsync(work, new AuditEvent { Realm = Master, Type = "DELETE", Resource = $"realms/{asked.Realm.Name}", User = asked.Principal.Subject, Client = asked.Principal.Client });
            return true;
        });
        return Answer.Done;
    }

    private static Realm Apply(Asked asked, Body body, Realm old)
    {
        foreach (var (name, why) in NotOffered) body.RefuseOn(name, why);
        if (body.Text("sslRequired") == "none") throw Refused.Unsupported("'sslRequired' cannot be 'none': plain HTTP is served on loopback only.");
        if (body.Text("passwordPolicy") is { Length: > 0 }) throw Refused.Unsupported("'passwordPolicy' cannot be set: passwords have at least 8 characters and are not common ones.");
        var algorithm = body.Text("defaultSignatureAlgorithm") ?? old.SigningAlgorithm;
        if (algorithm is not ("ES256" or "RS256" or "PS256")) throw Refused.Unsupported("'defaultSignatureAlgorithm' must be ES256, RS256 or PS256.");
        var display = body.Text("displayName") ?? old.DisplayName;
        if (display?.Length > 255 || display?.Any(char.IsControl) == true) throw Refused.Invalid("'displayName' has at most 255 visible characters.");
        if (body.Number("keyRotationPeriod", 0, 315_360_000) is { } period)
        {
            if (period is > 0 and < 86_400) throw Refused.Invalid("'keyRotationPeriod' is 0 (never by itself) or at least a day, in seconds.");
            old = old with { KeyLife = TimeSpan.FromSeconds(period) };
        }

        var realm = old with
        {
            DisplayName = display is "" ? null : display, Enabled = body.Flag("enabled") ?? old.Enabled, SigningAlgorithm = algorithm,
            AccessTokenLife = Seconds("accessTokenLifespan", 30, 86_400, old.AccessTokenLife), CodeLife = Seconds("accessCodeLifespan", 5, 600, old.CodeLife), InteractionLife = Seconds("accessCodeLifespanLogin", 60, 86_400, old.InteractionLife),
            SessionIdle = Seconds("ssoSessionIdleTimeout", 60, 2_592_000, old.SessionIdle), SessionMax = Seconds("ssoSessionMaxLifespan", 60, 31_536_000, old.SessionMax),
            NotBefore = body.Number("notBefore", 0, 253402300799) is { } at ? at == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(at) : old.NotBefore,
        };
        body.Rest(asked.Ignore, Known);
        return realm;

        TimeSpan Seconds(string name, long least, long most, TimeSpan otherwise) => body.Number(name, least, most) is { } seconds ? TimeSpan.FromSeconds(seconds) : otherwise;
    }
}
