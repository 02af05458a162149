using Xunit;
namespace Gatehouse.Conformance;
public class Smoke { [Fact] public void Runs() => Assert.True(true); }
