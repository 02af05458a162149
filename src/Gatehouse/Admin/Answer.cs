namespace Gatehouse.Admin;

/// <summary>What a handler answers; the routes write it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Value">Body, written as JSON; none when null.</param>
/// <param name="Location">Path of what was made.</param>
internal sealed record Answer(int Status, object? Value = null, string? Location = null)
{
    public static readonly Answer Done = new(204);

    public static Answer Ok(object value) => new(200, value);

    public static Answer Created(string location) => new(201, null, location);
}
