namespace Gatehouse.SignIn;

/// <summary>Password hashing by ASP.NET Core Identity's hasher at OWASP's current cost, on a bounded pool of its own, never on a connection thread.</summary>
public sealed class Passwords
{
    /// <summary>Hashes a password.</summary>
    public Task<string> HashAsync(string password, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Compares a password with a stored hash; with null it takes as long and says false, so that an unknown user looks like a wrong password.</summary>
    public Task<bool> CheckAsync(string? hash, string password, CancellationToken stop) => throw new NotImplementedException();
}
