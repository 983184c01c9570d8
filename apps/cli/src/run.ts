import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { EXIT } from "./failures.ts";
import type { Host } from "./host.ts";
import { type OpenOperator, openOperator } from "./operator/open-operator.ts";
import { clean, jsonText } from "./output/clean.ts";
import { paintFor } from "./output/paint.ts";
import { createProgram } from "./program.ts";
import type { SessionFlags } from "./session.ts";

/** The program, from its arguments to its exit code. It throws nothing. */
export async function run(host: Host, open: OpenOperator = openOperator): Promise<number> {
  let exit: number = EXIT.ok;
  const program = createProgram({
    host,
    version: versionOf(),
    open,
    onExit: (code) => {
      exit = code;
    },
  });
  try {
    if (host.argv[0] === "complete") {
      const { default: tab } = await import("@bomb.sh/tab/commander");
      tab(program);
    }
    await program.parseAsync(host.argv, { from: "user" });
    return exit;
  } catch (error) {
    // Help was asked for, or a command was left open and it has said what there is.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return told(host, error, program.opts());
  }
}

/** Says why nothing, or not all, was done, and what to type. */
async function told(host: Host, error: unknown, flags: SessionFlags): Promise<number> {
  const [{ readFailure }, { withFlags }] = await Promise.all([
    import("./read-failure.ts"),
    import("./input/typed-flags.ts"),
  ]);
  const { exit, code, message, type: commands } = readFailure(error);
  const type = commands.map((command) => withFlags(command, flags));
  if (host.argv.includes("--json")) {
    host.stdout.write(`${jsonText({ error: { code, message, ...(type.length > 0 && { type }) } }, 2)}\n`);
  }
  const paint = paintFor(host.stderr, host.env);
  const lines = [`${paint.bad("helix:")} ${message.split("\n").map(clean).join("\n")}`];
  if (type.length > 0)
    lines.push(`Type ${type.length === 1 ? "" : "one of:\n  "}${type.map(clean).join("\n  ")}`);
  host.stderr.write(`${lines.join("\n")}\n`);
  return exit;
}

/** Of the package, from source or built. */
function versionOf(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}
