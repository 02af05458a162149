using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Gatehouse.Bot;

/// <summary>Serves a bot with ASP.NET Core.</summary>
public static class VoiceBotEndpoints
{
    /// <summary>Serves <paramref name="bot"/> below <paramref name="path"/>: <c>/session</c> and its kin.</summary>
    public static IEndpointConventionBuilder MapVoiceBot(this IEndpointRouteBuilder endpoints, VoiceBot bot, string path = "/")
        => endpoints.Map($"{path.TrimEnd('/')}/{{kind}}", async (HttpContext context, string kind) =>
        {
            var answer = await bot.AnswerAsync(new BotRequest(context.Request.Method, kind, name => context.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null, context.Request.Body), context.RequestAborted);
            context.Response.StatusCode = answer.Status;
            if (answer.Status == 405) context.Response.Headers.Allow = "POST";
            if (answer.ContentType is null) return;
            context.Response.ContentType = answer.ContentType;
            await context.Response.WriteAsync(answer.Text, context.RequestAborted);
        });
}
