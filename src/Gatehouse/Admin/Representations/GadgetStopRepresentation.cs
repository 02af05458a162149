namespace Gatehouse.Admin.Representations;

/// <summary>A gadget that is stopped.</summary>
/// <param name="Gadget">Its id.</param>
/// <param name="At">Since when, in ms since 1970.</param>
internal sealed record GadgetStopRepresentation(string Gadget, long At);
