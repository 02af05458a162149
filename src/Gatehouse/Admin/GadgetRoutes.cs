using Gatehouse.Admin.Representations;
using Gatehouse.Tokens;

namespace Gatehouse.Admin;

/// <summary>The kill switch of each gadget of an agent desktop (decision 0014).</summary>
internal static class GadgetRoutes
{
    public static void Map(AdminRoutes admin)
    {
        admin.Get("gadgets/stopped", "Lists the gadgets that are stopped", Right.ViewClients, ListAsync).Gives<GadgetStopRepresentation[]>();
        admin.Put("gadgets/{gadget}/stop", "Stops a gadget: none of its tokens counts, and none is made", Right.ManageClients, StopAsync).Gives(204);
        admin.Delete("gadgets/{gadget}/stop", "Allows a gadget again; what it held before stays dead", Right.ManageClients, AllowAsync).Gives(204);
    }

    private static async Task<Answer> ListAsync(Asked asked)
        => Answer.Ok((await asked.Rooms.GadgetStops.ListAsync(asked.Realm.Name, asked.Stop)).Select(one => new GadgetStopRepresentation(one.Gadget, one.At.ToUnixTimeMilliseconds())).ToArray());

    private static async Task<Answer> StopAsync(Asked asked)
    {
        var gadget = Id(asked);
        await asked.ChangeAsync("ACTION", "GADGET", $"gadgets/{gadget}/stop", async work =>
        {
            await asked.Rooms.GadgetStops.StopAsync(work, asked.Realm.Name, gadget);
            return true;
        });
        return Answer.Done;
    }

    private static async Task<Answer> AllowAsync(Asked asked)
    {
        var gadget = Id(asked);
        await asked.ChangeAsync("ACTION", "GADGET", $"gadgets/{gadget}/allow", async work => await asked.Rooms.GadgetStops.AllowAsync(work, asked.Realm.Name, gadget) ? true : throw Refused.Missing("Stopped gadget"));
        return Answer.Done;
    }

    private static string Id(Asked asked) => GadgetCut.IsId(asked.Route("gadget")) ? asked.Route("gadget") : throw Refused.Missing("Gadget");
}
