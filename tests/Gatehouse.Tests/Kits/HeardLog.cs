using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Kits;

/// <summary>What a running program writes to its log: the errors and whatever has a stack trace.</summary>
public sealed class HeardLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> bad = new();

    /// <summary>Listens from now on.</summary>
    public HeardLog(Desk desk) => desk.Part<ILoggerFactory>().AddProvider(this);

    /// <summary>Lines at error level, and lines that carry an exception at warning.</summary>
    public IReadOnlyCollection<string> Bad => bad;

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error || (logLevel == LogLevel.Warning && exception is not null)) bad.Enqueue($"{formatter(state, exception)} {exception}");
    }
}
