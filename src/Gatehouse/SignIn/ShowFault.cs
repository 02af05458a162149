using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>Shows a person that something cannot go on (unknown client, wrong redirect address). The Portal registers it, protocols call it: a protocol never redirects to an unchecked address.</summary>
/// <param name="context">The request to answer.</param>
/// <param name="realm">Realm name; null when unknown.</param>
/// <param name="reason">What is wrong, with its status.</param>
/// <param name="detail">One plain sentence for the person who set the client up; never a secret, encoded by the page.</param>
public delegate Task ShowFault(HttpContext context, string? realm, Reason reason, string? detail);
