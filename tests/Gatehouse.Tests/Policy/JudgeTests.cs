using System.Collections.Frozen;
using Gatehouse.Policy;
using Gatehouse.Terms;
using Xunit;

namespace Gatehouse.Tests.Policy;

/// <summary>What a rule asks for must all be there; what it does not name does not matter.</summary>
public sealed class JudgeTests
{
    private static readonly Rule Open = new() { Name = "r" };

    private static readonly Principal Alice = new()
    {
        Realm = "r", Subject = "1", Kind = PrincipalKind.User, Client = "desk", Roles = Set("agent", "crm/reader"), Groups = Set("/sales/emea"), Permissions = Set("calls#listen"), Scopes = Set("openid", "calls"),
    };

    [Fact]
    public void A_rule_that_names_nothing_admits_everyone_who_is_authenticated() => Assert.True(Judge.Decide(Open, Alice).Allowed);

    [Theory]
    [InlineData("agent", true)]
    [InlineData("supervisor|agent", true)]
    [InlineData("supervisor", false)]
    [InlineData("reader", false)] // a client's role is not the realm's
    [InlineData("crm/reader", true)]
    [InlineData("Agent", false)]
    public void One_role_of_the_list_is_enough(string roles, bool allowed) => Assert.Equal(allowed, Judge.Decide(Open with { Roles = [.. roles.Split('|')] }, Alice).Allowed);

    [Fact]
    public void All_roles_means_all()
    {
        Assert.True(Judge.Decide(Open with { AllRoles = ["agent", "crm/reader"] }, Alice).Allowed);
        Assert.False(Judge.Decide(Open with { AllRoles = ["agent", "supervisor"] }, Alice).Allowed);
    }

    [Theory]
    [InlineData("/sales", true)] // a group holds those below it
    [InlineData("/sales/emea", true)]
    [InlineData("/sales/em", false)]
    [InlineData("/sal", false)]
    [InlineData("/sales/emea/north", false)]
    public void A_group_holds_its_subgroups_and_nothing_else(string group, bool allowed) => Assert.Equal(allowed, Judge.Decide(Open with { Groups = [group] }, Alice).Allowed);

    [Fact]
    public void Everything_that_is_named_must_be_met()
    {
        var all = Open with { Roles = ["agent"], Groups = ["/sales"], Permissions = ["calls#listen"], Scopes = ["calls"], Kinds = [PrincipalKind.User], Clients = ["desk"] };
        Assert.True(Judge.Decide(all, Alice).Allowed);
        Assert.False(Judge.Decide(all, Alice with { Kind = PrincipalKind.Service }).Allowed);
        Assert.False(Judge.Decide(all, Alice with { Client = "other" }).Allowed);
        Assert.False(Judge.Decide(all, Alice with { Client = null }).Allowed);
        Assert.False(Judge.Decide(all, Alice with { Permissions = [] }).Allowed);
        Assert.False(Judge.Decide(all, Alice with { Groups = [] }).Allowed);
    }

    [Fact]
    public void A_missing_scope_is_told_only_to_whom_it_would_help()
    {
        var rule = Open with { Roles = ["agent"], Scopes = ["calls", "record"] };
        Assert.Same(Reasons.ScopeMissing, Judge.Decide(rule, Alice).Reason);
        Assert.Same(Reasons.RuleDenied, Judge.Decide(rule, Alice with { Roles = [] }).Reason);
    }

    private static FrozenSet<string> Set(params string[] values) => values.ToFrozenSet();
}
