namespace Gatehouse.SignIn;

/// <summary>A facade whose settings name clients that may post names and passwords (RFC 6749, 4.3). Without one that names it, a client's own switch says nothing.</summary>
public interface INamesPasswordClients
{
    /// <summary>Whether the client is named, its end date passed or not.</summary>
    bool Names(string realm, string clientId);

    /// <summary>Whether passwords that the client's administrators set are handed over (<see cref="HandOvers"/>) instead of stored.</summary>
    bool HandsOver(string realm, string clientId);
}
