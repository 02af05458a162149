namespace Gatehouse.House;

/// <summary>The list of rooms, and the only wiring.</summary>
public static class House
{
}
