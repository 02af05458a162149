using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>Maps admin addresses of one realm. A line states verb, address, what it does, the right it needs and the handler: a route without a right cannot be written.</summary>
internal sealed class AdminRoutes(IEndpointRouteBuilder routes, string prefix)
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    // The document's generator looks for a method; ours have no parameters to bind, so an empty one stands for all (handlers get the request as it is, and nothing is compiled at start).
    private static readonly Action Described = () => { };

    public IEndpointConventionBuilder Get(string path, string summary, Right right, Func<Asked, Task<Answer>> handler) => Map("GET", path, summary, right, handler);

    public IEndpointConventionBuilder Post(string path, string summary, Right right, Func<Asked, Task<Answer>> handler) => Map("POST", path, summary, right, handler);

    public IEndpointConventionBuilder Put(string path, string summary, Right right, Func<Asked, Task<Answer>> handler) => Map("PUT", path, summary, right, handler);

    public IEndpointConventionBuilder Delete(string path, string summary, Right right, Func<Asked, Task<Answer>> handler) => Map("DELETE", path, summary, right, handler);

    /// <summary>Answers an exception of ours, or a technical one without telling its cause.</summary>
    public static async Task GuardAsync(HttpContext context, Func<Task> body)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await body();
        }
        catch (Refused refused) when (!context.Response.HasStarted)
        {
            if (refused.Reason.Status == 401) context.Response.Headers.WWWAuthenticate = refused.Reason == Reasons.CredentialMissing ? "Bearer" : "Bearer error=\"invalid_token\"";
            await refused.WriteAsync(context);
        }
        catch (Exception busy) when (busy is PasswordsBusy or StorageBusy && !context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = "2";
            await new Refused(Reasons.Busy).WriteAsync(context);
        }
    }

    public static async Task WriteAsync(HttpContext context, Answer answer)
    {
        context.Response.StatusCode = answer.Status;
        if (answer.Location is not null) context.Response.Headers.Location = answer.Location;
        if (answer.Value is null) return;
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, answer.Value, answer.Value.GetType(), Json, context.RequestAborted);
    }

    private IEndpointConventionBuilder Map(string verb, string path, string summary, Right right, Func<Asked, Task<Answer>> handler)
        => Describe(routes.MapMethods(prefix + path, [verb], context => GuardAsync(context, () => AnswerAsync(context, right, handler))), summary, right.ToString());

    public static IEndpointConventionBuilder Describe(IEndpointConventionBuilder endpoint, string summary, string rights)
        => endpoint.WithMetadata(Described.Method).WithSummary(summary).WithDescription($"Needs {rights}.")
            .WithMetadata(new ProducesResponseTypeMetadata(400), new ProducesResponseTypeMetadata(401), new ProducesResponseTypeMetadata(403), new ProducesResponseTypeMetadata(404));

    private static async Task AnswerAsync(HttpContext context, Right right, Func<Asked, Task<Answer>> handler)
    {
        var rooms = context.RequestServices.GetRequiredService<Rooms>();
        var admission = context.RequestServices.GetRequiredService<Admission>();
        var name = (string)context.Request.RouteValues["realm"]!;
        // An unknown realm answers as a wrong token does: who has none learns nothing about which realms exist.
        var (principal, reason) = await admission.AdmitAsync(context, name);
        if (principal is null) throw new Refused(reason!);
        if (rooms.Realms.Find(name) is not { } realm) throw Refused.Missing("Realm");
        var asked = new Asked(context, realm, principal, await admission.RightsOfAsync(principal, context.RequestAborted), rooms);
        asked.Need(right);
        RefuseUnknownQuery(context);
        await WriteAsync(context, await handler(asked));
    }

    // A filter that is silently ignored answers more than was asked for, and adapters take the first hit.
    public static void RefuseUnknownQuery(HttpContext context)
    {
        var known = context.GetEndpoint()?.Metadata.GetMetadata<QueryNames>()?.Names ?? [];
        foreach (var name in context.Request.Query.Keys)
            if (!known.Contains(name)) throw Refused.Unsupported($"The parameter '{(name.Length <= 60 && name.All(char.IsAsciiLetterOrDigit) ? name : "?")}' is not known here{(known.Count == 0 ? "." : $"; known are: {string.Join(", ", known)}.")}");
    }
}

/// <summary>Query parameters of a route.</summary>
internal sealed record QueryNames(IReadOnlyList<string> Names);

/// <summary>Body of a route. Not the framework's own mark: that one lets routing pass a wrong media type on to the next route that fits, and the answer would be 404.</summary>
internal sealed record TakenBody(Type Type);

/// <summary>What a route takes and gives, for the OpenAPI document and the check of parameters.</summary>
internal static class RouteWords
{
    public static IEndpointConventionBuilder Queries(this IEndpointConventionBuilder endpoint, params string[] names) => endpoint.WithMetadata(new QueryNames(names));

    public static IEndpointConventionBuilder Takes<T>(this IEndpointConventionBuilder endpoint) => endpoint.WithMetadata(new TakenBody(typeof(T)));

    public static IEndpointConventionBuilder Gives<T>(this IEndpointConventionBuilder endpoint, int status = 200) => endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(T), ["application/json"]));

    public static IEndpointConventionBuilder Gives(this IEndpointConventionBuilder endpoint, int status) => endpoint.WithMetadata(new ProducesResponseTypeMetadata(status));
}
