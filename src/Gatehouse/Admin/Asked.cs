using System.Globalization;
using Gatehouse.Audit;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>One admin request after its principal was admitted: who asks, about which realm, with what rights.</summary>
internal sealed class Asked(HttpContext context, Realm realm, Principal principal, IReadOnlySet<string> rights, Rooms rooms)
{
    private readonly List<string> ignored = [];

    public Realm Realm { get; } = realm;

    public Principal Principal { get; } = principal;

    /// <summary>Roles of realm-management that the principal holds, by name.</summary>
    public IReadOnlySet<string> Rights { get; } = rights;

    public Rooms Rooms { get; } = rooms;

    public CancellationToken Stop => context.RequestAborted;

    /// <summary>Path of this realm's admin resources, with a slash at the end.</summary>
    public string Root => $"/admin/realms/{Realm.Name}/";

    public string Route(string name) => Sound((string?)context.Request.RouteValues[name] ?? "", name);

    public string? Query(string name)
    {
        var values = context.Request.Query[name];
        if (values.Count > 1) throw Refused.Invalid($"The parameter '{name}' is there twice.");
        return values.Count == 0 || values[0]!.Length == 0 ? null : Sound(values[0]!, name);
    }

    public int Number(string name, int otherwise, int most)
    {
        if (Query(name) is not { } text) return otherwise;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) throw Refused.Invalid($"The parameter '{name}' is not a number.");
        // Keycloak's clients say -1 for "all"; here a page has an end, and the Link header leads on.
        return number < 0 ? most : Math.Min(number, most);
    }

    public bool? Flag(string name) => Query(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw Refused.Invalid($"The parameter '{name}' must be true or false."),
    };

    public void Need(Right right)
    {
        if (!right.IsIn(Rights)) throw new Refused(Reasons.AdminDenied, $"Needs {right}.");
    }

    public Task<Body> ReadAsync() => Body.ReadAsync(context.Request);

    public Task<IReadOnlyList<Body>> ReadListAsync() => Body.ReadListAsync(context.Request);

    /// <summary>Names the members of the body that were understood by nobody, so that a client can find out; never their values.</summary>
    public void Ignore(string member)
    {
        if (ignored.Count == 20) return;
        ignored.Add(member.Length <= 60 && member.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? member : "(unprintable)");
        context.Response.Headers["Gatehouse-Ignored"] = string.Join(", ", ignored);
    }

    /// <summary>Offers the next page (RFC 8288), keeping the query as it is but for the cursor.</summary>
    public void Next(string? cursor)
    {
        if (cursor is null) return;
        var query = context.Request.Query.Where(pair => pair.Key is not ("after" or "first")).Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value.ToString())}");
        context.Response.Headers.Link = $"<{context.Request.Path}?{string.Join('&', query.Append($"after={Uri.EscapeDataString(cursor)}"))}>; rel=\"next\"";
    }

    /// <summary>Makes a change and its audit event in one transaction, and answers only after this node's memory has heard of it.</summary>
    public async Task<T> ChangeAsync<T>(string operation, string kind, string resource, Func<Work, Task<T>> change)
    {
        T result;
        try
        {
            result = await Rooms.Database.WriteAsync(async work =>
            {
                var made = await change(work);
                await Rooms.Audit.WriteAsync(work, Event(operation, kind, resource));
                return made;
            }, Stop);
        }
        catch (ArgumentException wrong) when (wrong is not ArgumentNullException and not ArgumentOutOfRangeException)
        {
            // The stores say in words for people what a name or an address lacks.
            throw Refused.Invalid(wrong.Message);
        }

        await Rooms.Feed.CatchUpAsync(Stop);
        return result;
    }

    /// <summary>The audit event of a change by this principal.</summary>
    public AuditEvent Event(string operation, string kind, string resource) => new()
    {
        Realm = Realm.Name, Type = operation, Resource = resource, User = Principal.Subject, Client = Principal.Client, Session = Principal.Session,
        Address = context.Connection.RemoteIpAddress?.ToString(), Details = new Dictionary<string, string> { ["resourceType"] = kind },
    };

    /// <summary>As above, for stores that say false when a name is taken.</summary>
    public Task ChangeOrConflictAsync(string operation, string kind, string resource, string conflict, Func<Work, Task<bool>> change)
        => ChangeAsync(operation, kind, resource, async work => await change(work) ? true : throw new Refused(Reasons.Conflict, conflict));

    private static string Sound(string text, string name)
    {
        if (text.Length > 1024 || text.Any(char.IsControl) || text.Contains('\uFFFD', StringComparison.Ordinal)) throw Refused.Invalid($"'{name}' is too long or has characters that no name has.");
        return text;
    }
}
