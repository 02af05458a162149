using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Saml;

/// <summary>Makes a person of an accepted assertion.</summary>
internal static class SamlPerson
{
    /// <summary>The person; null when nothing in the assertion is a stable id.</summary>
    public static UpstreamIdentity? Of(SamlShape shape, SamlSubject subject)
    {
        if (SubjectOf(shape, subject) is not { } id) return null;
        string? First(string setting) => shape.Names(setting).SelectMany(name => subject[name]).FirstOrDefault(value => value.Length > 0);
        var named = subject.NameId.Format != SamlNames.TransientName && subject.NameId.Format != SamlNames.PersistentName ? subject.NameId.Value : null;
        var email = First("emailAttribute") ?? (subject.NameId.Format == SamlNames.EmailName ? subject.NameId.Value : null);
        return new UpstreamIdentity
        {
            Subject = id, Username = First("usernameAttribute") ?? named ?? email, Email = email,

            // SAML has no word for it: whoever trusts this provider's addresses says so (trustEmail).
            EmailVerified = email is not null, FirstName = First("firstNameAttribute"), LastName = First("lastNameAttribute"),
            Groups = [.. shape.Names("groupsAttribute").Select(name => subject[name]).FirstOrDefault(values => values.Length > 0, [])], Attributes = All(subject),
            AuthenticatedAt = subject.AuthnInstant, SessionId = subject.SessionIndex, SignOutHint = JsonSerializer.Serialize(subject.NameId), SessionUntil = subject.SessionUntil,
        };
    }

    /// <summary>The id of a name, as links keep it: the qualifiers count where they are not just the two parties' own (Core, 2.2.3).</summary>
    public static string IdOf(SamlNameId name, string issuer, string ours)
        => name.NameQualifier is not (null or "") && name.NameQualifier != issuer || name.SpNameQualifier is not (null or "") && name.SpNameQualifier != ours ? $"{name.NameQualifier}!{name.SpNameQualifier}!{name.Value}" : name.Value;

    private static string? SubjectOf(SamlShape shape, SamlSubject subject)
    {
        if (shape.Of("subjectAttribute") is null) return subject.NameId.Format == SamlNames.TransientName ? null : IdOf(subject.NameId, subject.Issuer, shape.EntityId);
        var values = shape.Names("subjectAttribute").Select(name => subject[name]).FirstOrDefault(values => values.Length > 0, []);
        return values is [{ Length: > 0 } only] ? only : null;
    }

    private static ImmutableDictionary<string, ImmutableArray<string>> All(SamlSubject subject)
    {
        var all = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        foreach (var attribute in subject.Attributes) all[attribute.Name] = [.. all.GetValueOrDefault(attribute.Name, []), .. attribute.Values];
        foreach (var attribute in subject.Attributes)
            if (attribute.FriendlyName is { Length: > 0 } friendly && !all.ContainsKey(friendly)) all[friendly] = attribute.Values;
        return all.ToImmutable();
    }
}
