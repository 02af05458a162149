using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.People;

/// <summary>The realms, held in memory and kept fresh by the change feed (<c>realm</c>).</summary>
public sealed class Realms
{
    /// <summary>From memory; null when unknown. Never touches the database once loaded at start.</summary>
    public Realm? Find(string name) => throw new NotImplementedException();

    /// <summary>All realms, ordered by name.</summary>
    public IReadOnlyList<Realm> All => throw new NotImplementedException();

    /// <summary>Adds a realm. False when the name is taken.</summary>
    public Task<bool> AddAsync(Work work, Realm realm) => throw new NotImplementedException();

    /// <summary>Replaces a realm's settings. False when there is none.</summary>
    public Task<bool> ChangeAsync(Work work, Realm realm) => throw new NotImplementedException();

    /// <summary>Deletes a realm and all in it. False when there is none.</summary>
    public Task<bool> RemoveAsync(Work work, string name) => throw new NotImplementedException();
}
