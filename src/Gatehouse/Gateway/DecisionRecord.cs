using Gatehouse.Dialogs;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>What follows from a decision whichever door it was made at: what is observed only becomes a pass, and counters, ledgers, the audit log and a dialog's misuse are told, once for a request.</summary>
public sealed class DecisionRecord(Observe observe, Observing observing, SharedSecrets secrets, DialogWork dialogs)
{
    /// <summary>It passes: for the record, however often it is tried.</summary>
    public void Passed(Ask ask, Decision.Pass pass, Ruleset now)
    {
        observe.Passed(pass);
        secrets.Used(ask, pass);
        observing.Count(pass, ask, now);
    }

    /// <summary>It is refused, or observed only: the refusal to be told, already recorded, or the pass that it becomes, which is not.</summary>
    public Decision Refused(Ask? ask, Decision.Refuse refuse, Ruleset now)
    {
        if (ask is not null && observing.Instead(refuse, ask, now) is { } instead)
        {
            if (instead is Decision.Pass) return instead;
            refuse = (Decision.Refuse)instead;
        }

        observe.Refused(refuse, ask, now.File.Realm);
        if (ReferenceEquals(refuse.Reason, Reasons.DialogOther) && refuse.Principal is { Dialog: { } dialog, IssuedAt: { } issued } holder) dialogs.Misused(holder.Realm, dialog, issued, ask?.Address?.ToString());
        return refuse;
    }
}
