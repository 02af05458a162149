using System.Collections.Immutable;
using System.Text;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Saml;

/// <summary>An identity provider as its metadata and our settings describe it.</summary>
/// <param name="EntityId">Its entity ID.</param>
/// <param name="Role">Its addresses and keys.</param>
internal sealed record SamlIdp(string EntityId, IdpRole Role);

/// <summary>
/// Knows the identity provider: from settings, or from its metadata, which is fetched anew each hour, and at once (though not more than once a minute) when a signature fits none of its keys: a partner that changes its certificate needs nobody
/// here to wake up. What was fetched last goes on counting while the address cannot be reached, until its own end.
/// </summary>
internal sealed class SamlPartner(SamlShape shape, Surroundings surroundings)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim asking = new(1, 1);
    private (SamlMetadata Metadata, long At)? held;

    /// <summary>The partner, or why it is not known.</summary>
    /// <param name="anew">Whether a minute-old answer is too old.</param>
    /// <param name="trace">Hops.</param>
    /// <param name="stop">Cancels.</param>
    public async Task<(SamlIdp? Idp, string? Fault)> GetAsync(bool anew, Trace trace, CancellationToken stop)
    {
        if (shape.MetadataUrl is not { } address) return FromSettings();
        var life = anew ? Soon : Fresh;
        if (held is { } now && surroundings.Time.GetElapsedTime(now.At) < life && IsAlive(now.Metadata)) return Of(now.Metadata);
        await asking.WaitAsync(stop);
        try
        {
            if (held is { } since && surroundings.Time.GetElapsedTime(since.At) < life && IsAlive(since.Metadata)) return Of(since.Metadata);
            var (made, fault) = await FetchAsync(address, trace, stop);
            if (made is not null) held = (made, surroundings.Time.GetTimestamp());

            // Whom nobody can ask is not asked at each request.
            else if (held is { } old) held = (old.Metadata, surroundings.Time.GetTimestamp());
            return held is { } known && IsAlive(known.Metadata) ? Of(known.Metadata) : (null, fault ?? "its metadata is no longer valid");
        }
        finally
        {
            asking.Release();
        }
    }

    private bool IsAlive(SamlMetadata metadata) => metadata.ValidUntil is not { } until || until > surroundings.Time.GetUtcNow();

    private async Task<(SamlMetadata?, string?)> FetchAsync(Uri address, Trace trace, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            var (status, body) = await surroundings.Http.SendAsync(request, stop);
            trace.Add($"GET {address}: {(int)status}, {body.Length} bytes");
            return (int)status == 200 ? Read(body, address.ToString()) : (null, $"{address} answered {(int)status}");
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            trace.Add($"GET {address}: {wrong.Message}");
            return (null, $"{address}: {wrong.Message}");
        }
    }

    private (SamlMetadata?, string?) Read(byte[] body, string source)
    {
        var trust = shape.Signers.IsEmpty ? null : new SamlTrust(shape.Signers, shape.Flag("allowSha1"));
        if (!SamlMetadata.TryRead(body, shape.Of("entityId"), trust, surroundings.Time.GetUtcNow(), out var metadata, out var error)) return (null, $"the metadata at {source} is refused: {error}");
        return metadata.Idp is null ? (null, $"the metadata at {source} describes no identity provider") : (metadata, null);
    }

    private (SamlIdp?, string?) FromSettings()
    {
        if (shape.Of("metadata") is { } document)
        {
            if (held is null)
            {
                var (made, fault) = Read(Encoding.UTF8.GetBytes(document), "'metadata'");
                if (made is null) return (null, fault);
                held = (made, 0);
            }

            return IsAlive(held.Value.Metadata) ? Of(held.Value.Metadata) : (null, "its metadata is no longer valid");
        }

        ImmutableArray<SamlEndpoint> At(Uri? address) => address is null ? [] : [new(SamlNames.RedirectBinding, address.AbsoluteUri), new(SamlNames.PostBinding, address.AbsoluteUri)];
        return (new SamlIdp(shape.Of("entityId")!, new IdpRole { SigningKeys = shape.Certificates, SingleSignOn = At(shape.SsoUrl), SingleLogout = At(shape.SloUrl) }), null);
    }

    private (SamlIdp, string?) Of(SamlMetadata metadata)
        => (new SamlIdp(metadata.EntityId, shape.Certificates.IsEmpty ? metadata.Idp! : metadata.Idp! with { SigningKeys = [.. metadata.Idp.SigningKeys, .. shape.Certificates] }), null);
}
