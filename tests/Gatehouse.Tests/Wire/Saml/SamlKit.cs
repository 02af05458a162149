using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

/// <summary>Keys and documents of the SAML tests.</summary>
internal static class SamlKit
{
    public const string Idp = "https://idp.example/saml";
    public const string Sp = "https://gate.example/realms/main/saml";
    public const string Acs = "https://gate.example/realms/main/saml/acs";

    public static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    public static readonly SamlPrivateKey IdpKey = NewRsa("idp");
    public static readonly SamlPrivateKey SpKey = NewRsa("sp");
    public static readonly SamlPrivateKey Attacker = NewRsa("attacker");
    public static readonly SamlPrivateKey EcKey = NewEc("ec", ECCurve.NamedCurves.nistP256);
    public static readonly SamlTrust Trust = SamlTrust.In(IdpKey.Public);

    public static SamlPrivateKey NewRsa(string name)
    {
        using var key = RSA.Create(2048);
        return SamlPrivateKey.SelfSigned(key, name, Now.AddYears(-1), Now.AddYears(9));
    }

    public static SamlPrivateKey NewEc(string name, ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return SamlPrivateKey.SelfSigned(key, name, Now.AddYears(-1), Now.AddYears(9));
    }

    public static SamlElement Read(string xml)
    {
        Assert.True(SamlXml.TryRead(Encoding.UTF8.GetBytes(xml), SamlLimits.Message, out var root, out var error), error.ToString());
        return root;
    }

    public static SamlError ErrorOf(string xml, SamlLimits? limits = null)
    {
        Assert.False(SamlXml.TryRead(Encoding.UTF8.GetBytes(xml), limits ?? SamlLimits.Message, out _, out var error));
        return error;
    }

    /// <summary>A copy of the element without the children that are not wanted, at any depth.</summary>
    public static SamlElement Without(SamlElement element, Func<SamlElement, bool> unwanted)
    {
        var copy = new SamlElement(element.Prefix, element.Name, element.Namespace);
        foreach (var (prefix, uri) in element.Declarations) copy.Declare(prefix, uri);
        foreach (var attribute in element.Attributes) copy.With(attribute);
        foreach (var child in element.Children)
        {
            if (child.Text is { } text) copy.Add(text);
            else if (!unwanted(child.Element!)) copy.Add(Without(child.Element!, unwanted));
        }

        return copy;
    }

    public static SamlElement Unsigned(SamlElement element) => Without(element, one => one.Name == "Signature");

    public static string C14n(SamlElement element, params string[] inclusive) => Encoding.UTF8.GetString(ExclusiveC14n.Write(element, inclusive));

    /// <summary>Runs xmlsec1; null when this machine has none. Answers whether it was content, and what it said.</summary>
    public static (bool Ok, string Said)? Xmlsec(params string[] arguments)
    {
        if (!File.Exists("/usr/bin/xmlsec1")) return null;
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/xmlsec1", arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var said = process.StandardOutput.ReadToEndAsync();
        var complained = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), "xmlsec1 does not end");
        return (process.ExitCode == 0, said.Result + complained.Result);
    }
}
