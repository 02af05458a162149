using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.Forwarding;

/// <summary>
/// The room that carries bytes to the upstreams and back: a pooled HTTP/1.1 client on raw sockets and the forwarder upon it. It never decides who may pass, never reads or
/// makes an identity, and never decodes a path: it receives a finished <see cref="OutgoingRequest"/>.
/// </summary>
public static class ForwardingRoom
{
    /// <summary>Wires the room. It has no settings: an upstream's belong to the access file.</summary>
    public static IServiceCollection AddForwarding(this IServiceCollection services, IConfiguration section) => services.AddSingleton<Forwarder>();

    /// <summary>
    /// What the listener must allow for forwarding: bytes above ASCII in response headers as they are (some upstreams send raw UTF-8 file names).
    /// </summary>
    public static void Prepare(KestrelServerOptions kestrel) => kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
}
