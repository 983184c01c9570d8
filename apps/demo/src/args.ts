import { parseArgs } from "node:util";

export const OUTAGES = ["kill", "freeze", "refuse", "blackhole"] as const;
export type OutageKind = (typeof OUTAGES)[number];

export interface DemoOptions {
  /** Distinct rows; each is inserted once, and overwritten or deleted by chance. */
  readonly rows: number;
  readonly outage: OutageKind;
  /** How long cluster B is away. */
  readonly outageSeconds: number;
  /** Leave both clusters running after the verdict, until Ctrl-C. */
  readonly keep: boolean;
}

export const USAGE = `Two Cassandra clusters, one outage, zero differences.

  npx -y pnpm@12 demo [--rows N] [--outage KIND] [--outage-seconds S] [--keep]

  --rows N            distinct rows to write, 10 to 1000000 (default 10000)
  --outage KIND       what happens to cluster B (default kill)
                        kill       its process is killed (SIGKILL) and started again on its data
                        freeze     its process is stopped (SIGSTOP) and goes on later
                        refuse     connections to it are closed and refused
                        blackhole  connections to it swallow everything
  --outage-seconds S  how long, 1 to 600 (default 8)
  --keep              leave both clusters running afterwards, until Ctrl-C
  --help              this text

Exit code: 0 zero differences, 1 any difference or failed call, 2 a flag that makes no sense, 130 Ctrl-C.
`;

/** A flag that makes no sense; the message says which and what would. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws UsageError */
export function parseDemoArgs(argv: readonly string[]): DemoOptions | "help" {
  // pnpm hands the separator through where a user types `pnpm demo -- --rows 5`.
  const args = argv[0] === "--" ? argv.slice(1) : [...argv];
  const { help, rows, outage, keep, "outage-seconds": seconds } = parse(args);
  if (help) return "help";
  if (!OUTAGES.includes(outage as OutageKind)) {
    throw new UsageError(`--outage takes ${OUTAGES.join(", ")}; got "${outage}"`);
  }
  return {
    rows: wholeNumber("--rows", rows, 10, 1_000_000),
    outage: outage as OutageKind,
    outageSeconds: wholeNumber("--outage-seconds", seconds, 1, 600),
    keep,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        rows: { type: "string", default: "10000" },
        outage: { type: "string", default: "kill" },
        "outage-seconds": { type: "string", default: "8" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false, short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${flag} takes a whole number from ${min} to ${max}; got "${text}"`);
  }
  return value;
}
