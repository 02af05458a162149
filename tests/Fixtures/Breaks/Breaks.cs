namespace Breaks.Audit
{
    public class Log
    {
        public static void Write()
        {
        }
    }

    public class Oops : Exception;
}

namespace Breaks.Forwarding
{
    public sealed class InABody
    {
        public void Do() => Audit.Log.Write();
    }

    public sealed class InASignature
    {
        public void Do(Audit.Log log) => _ = log;
    }

    public sealed class InAGeneric
    {
        public object Do() => new List<Audit.Log>();
    }

    public sealed class InALambda
    {
        public Action Do() => () => Audit.Log.Write();
    }

    public sealed class InAnAsyncMethod
    {
        public async Task DoAsync()
        {
            await Task.Yield();
            Audit.Log.Write();
        }
    }

    public sealed class AsABase : Audit.Log;

    public sealed class InACatch
    {
        public void Do()
        {
            try
            {
                GC.KeepAlive(this);
            }
            catch (Audit.Oops)
            {
                GC.KeepAlive(this);
            }
        }
    }

    public sealed class InAField
    {
        public Audit.Log? Log { get; set; }
    }
}
