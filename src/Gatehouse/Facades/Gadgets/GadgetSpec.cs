using System.Collections.Immutable;

namespace Gatehouse.Facades.Gadgets;

/// <summary>A preference that a specification declares.</summary>
internal sealed record UserPref(string Name, string DisplayName, string DataType, string DefaultValue);

/// <summary>A language's words: where they are, and those that stand in the specification itself.</summary>
/// <param name="Language">Language, lower case; empty for all.</param>
/// <param name="Country">Country, upper case; empty for all.</param>
/// <param name="Bundle">Address of a message bundle; null for none.</param>
/// <param name="Messages">Words in the specification.</param>
internal sealed record SpecLocale(string Language, string Country, Uri? Bundle, ImmutableDictionary<string, string> Messages);

/// <summary>A gadget's specification (OpenSocial Gadgets 1.0, "gadget XML"), as far as a desktop needs it.</summary>
internal sealed record GadgetSpec
{
    /// <summary>Where it was read.</summary>
    public required Uri Url { get; init; }

    /// <summary>Title; may hold names of messages.</summary>
    public string Title { get; init; } = "";

    /// <summary>Preferred height in pixels.</summary>
    public int Height { get; init; } = 200;

    /// <summary>Declared preferences.</summary>
    public ImmutableArray<UserPref> Prefs { get; init; } = [];

    /// <summary>Words by language and country.</summary>
    public ImmutableArray<SpecLocale> Locales { get; init; } = [];

    /// <summary>Content by view; the view <c>default</c> where it names none.</summary>
    public ImmutableDictionary<string, string> Views { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Where the content is, when it is a page of its own (<c>type="url"</c>).</summary>
    public Uri? Page { get; init; }
}
