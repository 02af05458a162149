using System.Collections.Immutable;
using Gatehouse.Terms;
using Gatehouse.Wire.Saml;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Saml;

/// <summary>A SAML 2.0 identity provider, by the web browser single sign-on profile (Profiles, 4.1): our request by redirect or POST, its answer by POST alone.</summary>
internal sealed class SamlUpstream(SamlShape shape, Surroundings surroundings) : IRedirects, IStartsSignIns, ISignsOut, IHearsSignOut, IPublishesMetadata, IAcceptsProof
{
    private readonly SamlPartner partner = new(shape, surroundings);

    /// <inheritdoc/>
    public bool StartsSignIns => shape.Flag("idpInitiated");

    /// <inheritdoc/>
    public bool SignsOut => shape.Flag("signOutThere", unset: true);

    /// <inheritdoc/>
    public string Target => (shape.Of("idpInitiatedTarget") ?? "/realms/{realm}/signed-in").Replace("{realm}", shape.Upstream.Realm, StringComparison.Ordinal);

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        var (idp, fault) = await partner.GetAsync(false, trace, stop);
        if (idp is null) return new Finding.Unavailable(fault!);
        trace.Add($"identity provider {idp.EntityId}, {idp.Role.SigningKeys.Length} signing keys{(idp.Role.UnfitCertificates > 0 ? $", {idp.Role.UnfitCertificates} unfit certificates passed over" : "")}");
        foreach (var key in idp.Role.SigningKeys) trace.Add($"  {key}, until {key.NotAfter:yyyy-MM-dd}");
        foreach (var at in idp.Role.SingleSignOn) trace.Add($"  sign-in  {at.Binding.Split(':')[^1]} {at.Location}");
        foreach (var at in idp.Role.SingleLogout) trace.Add($"  sign-out {at.Binding.Split(':')[^1]} {at.Location}");
        trace.Add($"we are {shape.EntityId}; our metadata is at {shape.Endpoint}/descriptor");
        return idp.Role.SigningKeys.IsEmpty ? new Finding.Unavailable("it has no fit signing certificate") : idp.Role.SingleSignOn.IsEmpty ? new Finding.Unavailable("it has no sign-in address") : null;
    }

    /// <inheritdoc/>
    public async Task<(Going? Going, Finding.Unavailable? Not)> BeginAsync(Attempt attempt, Trace trace, CancellationToken stop)
    {
        var (idp, fault) = await partner.GetAsync(false, trace, stop);
        if (idp is null) return (null, new Finding.Unavailable(fault!));
        if ((idp.Role.SignOnBy(shape.Binding) ?? idp.Role.SignOnBy(SamlNames.RedirectBinding) ?? idp.Role.SignOnBy(SamlNames.PostBinding)) is not { } endpoint) return (null, new Finding.Unavailable("it has no sign-in address"));
        var request = new AuthnRequest
        {
            Id = SamlWriting.NewId(), IssueInstant = surroundings.Time.GetUtcNow(), Issuer = shape.EntityId, Destination = endpoint.Location, AssertionConsumer = shape.Endpoint, ProtocolBinding = SamlNames.PostBinding, ForceAuthn = attempt.Fresh,
            NameIdFormat = shape.Of("nameIdFormat"), AllowCreate = true, AuthnContexts = [.. shape.Names("authnContext")],
        };
        attempt.Kept["request"] = request.Id;
        trace.Add($"to {endpoint.Location}");
        return (await SendAsync(endpoint, endpoint.Location, request.ToXml(), isRequest: true, attempt.Id, stop), null);
    }

    /// <inheritdoc/>
    public Task<Finding> FinishAsync(Attempt attempt, Returned returned, Trace trace, CancellationToken stop) => JudgeAsync(returned, attempt.Kept["request"], trace, stop);

    /// <inheritdoc/>
    public Task<Finding> FinishUnaskedAsync(Returned returned, Trace trace, CancellationToken stop)
        => StartsSignIns ? JudgeAsync(returned, null, trace, stop) : Task.FromResult<Finding>(new Finding.Refused("unsolicited", "sign-ins that begin at the provider are off"));

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => [ProofType.Saml];

    /// <inheritdoc/>
    public async Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop)
    {
        if (target is null || !StrictBase64Url.TryDecode(proof.Reveal(), out var bytes)) return new Finding.Refused("bad_encoding", "an assertion is sent base64url-encoded (RFC 8693, 3)");
        if (!SamlXml.TryRead(bytes, SamlLimits.Message, out var root, out var error)) return Refused("assertion", error);
        return await WithKeysAsync(trace, stop, async (idp, expected) => SamlResponse.TryAcceptAssertion(root, expected with { Recipient = target, AllowUnsolicited = true }, out var subject, out var refusal)
            ? await FoundAsync(idp, subject, trace, stop) : Refused(refusal, trace));
    }

    /// <inheritdoc/>
    public async Task<byte[]> MetadataAsync(CancellationToken stop)
    {
        var keys = await surroundings.SamlKeys.OfAsync(shape.Upstream.Realm, stop);
        var metadata = new SamlMetadata
        {
            EntityId = shape.EntityId, CacheDuration = TimeSpan.FromHours(1),
            Sp = new SpRole
            {
                // The retiring key signs no more; for encryption the active one alone is offered.
                SigningKeys = [.. keys.Where(one => one.State != Keys.SamlKeyState.Retiring).Select(one => one.Key.Public)], EncryptionKeys = shape.Flag("offerEncryption", unset: true) ? [keys[0].Key.Public] : [],
                EncryptionMethods = [SamlCipher.Aes256Gcm.Uri, SamlCipher.Aes128Gcm.Uri], AssertionConsumers = [new SamlEndpoint(SamlNames.PostBinding, shape.Endpoint, IsDefault: true)],
                SingleLogout = [new SamlEndpoint(SamlNames.RedirectBinding, shape.Endpoint), new SamlEndpoint(SamlNames.PostBinding, shape.Endpoint)],
                NameIdFormats = shape.Of("nameIdFormat") is { } format ? [format] : [], AuthnRequestsSigned = shape.Flag("signRequests", unset: true), WantAssertionsSigned = shape.Signed is SamlSigned.Assertion or SamlSigned.Both,
            },
        };
        return metadata.ToXml().ToBytes();
    }

    /// <inheritdoc/>
    public async Task<Going?> LeaveAsync(Attempt attempt, string hint, string? session, CancellationToken stop)
    {
        var (idp, _) = await partner.GetAsync(false, Trace.None, stop);
        if (LogoutAt(idp) is not { } endpoint || SamlSignOut.NameOf(hint) is not { } name) return null;
        var request = new LogoutRequest { Id = SamlWriting.NewId(), IssueInstant = surroundings.Time.GetUtcNow(), Issuer = shape.EntityId, Destination = endpoint.Location, NameId = name, SessionIndexes = session is null ? [] : [session] };
        return await SendAsync(endpoint, endpoint.Location, request.ToXml(), isRequest: true, attempt.Id, stop, always: true);
    }

    /// <inheritdoc/>
    public async Task<(AskedToEnd? Asked, string? Fault)> HearAsync(Returned returned, CancellationToken stop)
    {
        var (asked, fault) = await HearAsync(returned, false, stop);
        return fault is SamlError.BadSignature ? Told(await HearAsync(returned, true, stop)) : Told((asked, fault));
        static (AskedToEnd?, string?) Told((AskedToEnd? Asked, SamlError? Fault) heard) => (heard.Asked, heard.Fault?.ToString());
    }

    private async Task<(AskedToEnd? Asked, SamlError? Fault)> HearAsync(Returned returned, bool anew, CancellationToken stop)
    {
        var (idp, _) = await partner.GetAsync(anew, Trace.None, stop);
        if (idp is null || LogoutAt(idp) is not { } endpoint) return (null, SamlError.NoSuchEntity);
        var (message, error) = SamlSignOut.Read(returned, Trust(idp));
        if (message is null || !LogoutRequest.TryRead(message, out var request, out error)) return (null, error);
        if (request.Check(shape.Endpoint, idp.EntityId, surroundings.Time.GetUtcNow(), shape.Skew, TimeSpan.FromMinutes(10)) is var wrong and not SamlError.None) return (null, wrong);
        var answer = new LogoutResponse { Id = SamlWriting.NewId(), IssueInstant = surroundings.Time.GetUtcNow(), Issuer = shape.EntityId, Destination = endpoint.ResponseLocation ?? endpoint.Location, InResponseTo = request.Id, Status = SamlStatus.Ok };
        var going = await SendAsync(endpoint, answer.Destination, answer.ToXml(), isRequest: false, returned["RelayState"], stop, always: true);

        // The name as the provider keeps its sessions: where a person's id is an attribute, their sessions are known by index alone.
        return (new AskedToEnd(shape.Of("subjectAttribute") is null ? SamlPerson.IdOf(request.NameId, idp.EntityId, shape.EntityId) : null, request.SessionIndexes, going), null);
    }

    private async Task<Finding> JudgeAsync(Returned returned, string? request, Trace trace, CancellationToken stop)
    {
        if (!returned.Form.TryGetValue("SAMLResponse", out var field)) return new Finding.Refused("bad_answer", "the answer has no SAMLResponse, or did not come by POST");
        if (!PostBinding.TryRead(field, out var root, out var error)) return Refused("response", error);
        return await WithKeysAsync(trace, stop, async (idp, expected) => SamlResponse.TryAccept(root, expected with { RequestId = request, AllowUnsolicited = request is null }, out var subject, out var refusal)
            ? await FoundAsync(idp, subject, trace, stop) : Refused(refusal, trace));
    }

    // A signature by none of the known keys: the partner may have changed them since we looked.
    private async Task<Finding> WithKeysAsync(Trace trace, CancellationToken stop, Func<SamlIdp, SamlExpectation, Task<Finding>> judge)
    {
        Finding? first = null;
        foreach (var anew in (bool[])[false, true])
        {
            var (idp, fault) = await partner.GetAsync(anew, trace, stop);
            if (idp is null) return first ?? new Finding.Unavailable(fault!);
            var keys = await surroundings.SamlKeys.OfAsync(shape.Upstream.Realm, stop);
            var finding = await judge(idp, new SamlExpectation
            {
                Issuer = idp.EntityId, Audience = shape.EntityId, Recipient = shape.Endpoint, Trust = Trust(idp), Signed = shape.Signed, RequireEncrypted = shape.Flag("requireEncrypted"), Now = surroundings.Time.GetUtcNow(), Skew = shape.Skew,
                Decryption = new SamlDecryption([.. keys.Select(one => one.Key)], shape.Flag("allowRsa15"), shape.Flag("allowCbc")),
            });
            if (finding is not Finding.Refused { Code: "bad_signature" }) return finding;
            first = finding;
        }

        return first!;
    }

    private async Task<Finding> FoundAsync(SamlIdp idp, SamlSubject subject, Trace trace, CancellationToken stop)
    {
        trace.Add($"assertion of {subject.Issuer}: {string.Join(", ", subject.Attributes.Select(one => one.Name))}");
        var wanted = shape.Names("authnContext").ToImmutableArray();
        if (!wanted.IsEmpty && !wanted.Contains(subject.AuthnContext ?? "")) return new Finding.Refused("weak_authentication", "the person did not prove who they are in one of the ways that were asked for");
        if (SamlPerson.Of(shape, subject) is not { } person) return new Finding.Refused("no_stable_subject", "the name is transient, or 'subjectAttribute' is missing or has several values");
        return await surroundings.Used.TakeAsync(shape.Upstream.Realm, idp.EntityId, subject.AssertionId, subject.ReplayUntil, stop) ? new Finding.Known(person) : new Finding.Refused("replayed", "the assertion was used before");
    }

    private async Task<Going> SendAsync(SamlEndpoint endpoint, string address, SamlElement message, bool isRequest, string? relayState, CancellationToken stop, bool always = false)
    {
        var key = always || shape.Flag("signRequests", unset: true) ? (await surroundings.SamlKeys.OfAsync(shape.Upstream.Realm, stop))[0].Key : null;
        if (endpoint.Binding == SamlNames.RedirectBinding) return new Going(new Uri(RedirectBinding.Write(address, message, isRequest, relayState, key)));
        if (key is not null) SamlSignature.Sign(message, key);
        var fields = new Dictionary<string, string> { [isRequest ? "SAMLRequest" : "SAMLResponse"] = PostBinding.Write(message) };
        if (relayState is not null) fields["RelayState"] = relayState;
        return new Going(new Uri(address), fields);
    }

    private static SamlEndpoint? LogoutAt(SamlIdp? idp) => idp?.Role.LogoutBy(SamlNames.RedirectBinding) ?? idp?.Role.LogoutBy(SamlNames.PostBinding);

    private SamlTrust Trust(SamlIdp idp) => new(idp.Role.SigningKeys, shape.Flag("allowSha1"));

    private static Finding.Refused Refused(string what, SamlError error) => new(SamlCodes.Of(error), $"the {what} is refused: {error}");

    private static Finding.Refused Refused(SamlRefusal refusal, Trace trace)
    {
        trace.Add($"refused at check {refusal.Step}: {refusal.Error}");
        return refusal.Status is { } status ? new Finding.Refused(SamlCodes.Of(status), $"the provider answered {status.Code.Split(':')[^1]} {status.Nested?.Split(':')[^1]}") : new Finding.Refused(SamlCodes.Of(refusal.Error), $"check {refusal.Step}: {refusal.Error}");
    }
}
