namespace Gatehouse.Federation.Kerberos;

/// <summary>The kind that takes Kerberos tickets.</summary>
internal static class KerberosKinds
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        new("kerberos", "Kerberos", [
            new("keytab", "keytab file of our service, readable by its owner alone", Required: true),
            new("service", "our service principal; HTTP and our public host name when unset, as HTTP/cx.example.org"),
            new("realms", "Kerberos realms whose people count, parted by spaces; the keytab's own when unset"),
            new("networks", "client networks in which browsers are asked for a ticket (10.0.0.0/8 …), parted by spaces; everywhere when unset"),
            new("sameAs", "alias of the directory whose login names these are: its users are signed in by their tickets"),
            new("keepRealm", "whether the login name is the whole principal, mina@SITE.EXAMPLE", Otherwise: "false"),
            new("keytabMaxAge", "days after which the newest key raises an alarm", Otherwise: "365"),
        ], (upstream, surroundings) => new KerberosUpstream(upstream, surroundings)),
    ];
}
