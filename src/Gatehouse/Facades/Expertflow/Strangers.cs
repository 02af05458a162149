using Gatehouse.Audit;
using Gatehouse.SignIn;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary>Notes what anybody may post and no client of the vendor's does, of a flood only a sample. What was sent is not kept.</summary>
internal sealed class Strangers(AuditLog audit, Crowds crowds, IOptions<ExpertflowSettings> options)
{
    public void Note(HttpContext context, string code)
    {
        if (crowds.Take(code, Guard.NetworkOf(context.Connection.RemoteIpAddress), null) is not (> 0 and var stands)) return;
        var details = new Dictionary<string, string> { ["path"] = context.Request.Path.Value ?? "" };
        if (stands > 1) details["stands_for"] = stands.ToString(System.Globalization.CultureInfo.InvariantCulture);
        audit.Note(new AuditEvent { Realm = options.Value.Realm, Type = "LOGIN_ERROR", Client = options.Value.Client, Address = context.Connection.RemoteIpAddress?.ToString(), Error = code, Details = details });
    }
}
