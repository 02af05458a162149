namespace Gatehouse.Facades;

/// <summary>A vendor's wire form over the use cases that we have. It translates; it decides nothing. A folder below this one, and one line in <see cref="FacadesRoom"/>: remove both, and it is gone.</summary>
public interface IFacade
{
    /// <summary>Vendor or product, in lower case: the section of its settings.</summary>
    string Name { get; }

    /// <summary>Paths at and below which identity answers instead of the gate, each with a leading and no trailing slash.</summary>
    IReadOnlyList<string> Addresses { get; }

    /// <summary>Single paths that identity answers, and nothing below them: the vendor's other addresses beside them are the gate's.</summary>
    IReadOnlyList<string> ExactAddresses => [];

    /// <summary>Paths that are taken off before realms and the admin API answer, each with a leading and no trailing slash.</summary>
    IReadOnlyList<string> Prefixes => [];

    /// <summary>Maps its endpoints.</summary>
    void Map(IEndpointRouteBuilder routes);
}
