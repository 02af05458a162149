using System.Text;
using Gatehouse.SignIn;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Gadgets;

/// <summary>A posted form: bounded in size and time, read strictly, no field twice.</summary>
internal static class Posted
{
    /// <summary>The fields; null with what is wrong.</summary>
    public static async Task<(Parameters? Fields, string? Fault)> ReadAsync(HttpContext context, int most = Parameters.Longest)
    {
        if (context.Request.ContentType is not { } type || !type.Split(';')[0].Trim().Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)) return (null, "The body must be a form: application/x-www-form-urlencoded.");
        if (await PatientBody.ReadAsync(context, most) is not { } body) return (null, $"The body is larger than {most / 1024} KiB, or takes too long.");
        return Parameters.TryParse(Encoding.Latin1.GetString(body), out var fields, out var error) ? (fields, null) : (null, error.Description);
    }
}
