using System.Collections.Immutable;

namespace Gatehouse.Gateway.Events;

/// <summary>A service that is a bot: requests to it are a platform's events, and each is given the dialog's token on its way.</summary>
public sealed record EventPlan
{
    /// <summary>Project of the dialogs; null where the event names it.</summary>
    public string? Project { get; init; }

    /// <summary>Members that lead to the project's name in the event; empty where it is fixed.</summary>
    public ImmutableArray<string> ProjectFrom { get; init; } = [];

    /// <summary>Members that lead to the dialog's id.</summary>
    public required ImmutableArray<string> Dialog { get; init; }

    /// <summary>Last path segments of events that open a dialog.</summary>
    public ImmutableArray<string> Open { get; init; } = [];

    /// <summary>Last path segments of events that end one.</summary>
    public ImmutableArray<string> Close { get; init; } = [];

    /// <summary>Member of the event that takes the token; null where a header does.</summary>
    public string? TokenMember { get; init; }

    /// <summary>Header that takes the token; null where a member does.</summary>
    public string? TokenHeader { get; init; }

    /// <summary>Environment variable with the token by which the bot knows its platform; null for none.</summary>
    public string? BotTokenVariable { get; init; }

    /// <summary>File with that token, where no variable holds it.</summary>
    public string? BotTokenFile { get; init; }

    /// <summary>Whether the bot is told such a token, as <c>Authorization: Bearer</c>.</summary>
    public bool HasBotToken => BotTokenVariable is not null || BotTokenFile is not null;

    /// <summary>Whether events are signed for the bot (Standard Webhooks).</summary>
    public bool Sign { get; init; } = true;

    /// <summary>How often an event is tried that the bot did not answer at all.</summary>
    public int Attempts { get; init; } = 3;
}
