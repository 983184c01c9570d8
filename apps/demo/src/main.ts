import { parseDemoArgs, USAGE, UsageError } from "./args.ts";
import { runDemo } from "./demo.ts";
import { Screen } from "./screen.ts";

process.exitCode = await main(process.argv.slice(2));

/** The exit code: see the usage text. */
async function main(argv: readonly string[]): Promise<number> {
  const screen = new Screen(process.stdout);
  let options: ReturnType<typeof parseDemoArgs>;
  try {
    options = parseDemoArgs(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options === "help") {
    screen.print(USAGE);
    return 0;
  }
  const interrupted = new AbortController();
  const onSignal = () => {
    // The second one ends the process at once; the clusters' watchdogs clear up after it.
    if (interrupted.signal.aborted) process.exit(130);
    screen.endStatus();
    screen.say("stopping …");
    interrupted.abort(new Error("interrupted"));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return (await runDemo(options, screen, interrupted.signal)) ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal);
  }
}
