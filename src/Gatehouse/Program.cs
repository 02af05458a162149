using Gatehouse.House;
using Gatehouse.House.Commands;

Serve.PreferInlineCompletions();
return await CommandLine.RunAsync(args, Terminal.System);
