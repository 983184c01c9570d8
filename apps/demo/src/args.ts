import { parseArgs } from "node:util";

export const DEPLOYMENTS = ["memory", "nats", "service"] as const;
export type Deployment = (typeof DEPLOYMENTS)[number];

export const OUTAGES = ["kill", "freeze", "refuse", "blackhole"] as const;
export type OutageKind = (typeof OUTAGES)[number];

export interface DemoOptions {
  readonly deployment: Deployment;
  /** Distinct rows; each is inserted once, and overwritten or deleted by chance. */
  readonly rows: number;
  readonly outage: OutageKind;
  /** How long cluster B is away. */
  readonly outageSeconds: number;
  /** Leave all servers running after the verdict, until Ctrl-C. */
  readonly keep: boolean;
}

export const USAGE = `Two Cassandra clusters, one outage, zero differences.

  npx -y pnpm@12 demo [--deployment D] [--rows N] [--outage KIND]
                      [--outage-seconds S] [--keep]

  --deployment D      who replays missed writes, from where (default memory)
                        memory     the application, from its memory
                        nats       the application, from NATS; it is killed in
                                   the middle of the outage, and started again
                        service    two pods of the replay service, from NATS;
                                   one and NATS are killed while they replay,
                                   and started again
  --rows N            distinct rows to write, 10 to 1000000 (default 10000)
  --outage KIND       what happens to cluster B (default kill)
                        kill       its process is killed, and started again on
                                   its data
                        freeze     its process is stopped (SIGSTOP), and goes on
                                   later
                        refuse     connections to it are closed and refused
                        blackhole  connections to it swallow everything
  --outage-seconds S  how long, 1 to 600 (default 8)
  --keep              leave everything running afterwards, until Ctrl-C
  --help              this text

Exit code: 0 zero differences, 1 a broken promise (a difference, a failed call),
2 a flag that makes no sense, 130 Ctrl-C.
`;

/** A flag that makes no sense; the message says which and what would. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws UsageError */
export function parseDemoArgs(argv: readonly string[]): DemoOptions | "help" {
  // pnpm hands the separator through where a user types `pnpm demo -- --rows 5`.
  const args = argv[0] === "--" ? argv.slice(1) : [...argv];
  const { help, deployment, rows, outage, keep, "outage-seconds": seconds } = parse(args);
  if (help) return "help";
  return {
    deployment: oneOf("--deployment", deployment, DEPLOYMENTS),
    rows: wholeNumber("--rows", rows, 10, 1_000_000),
    outage: oneOf("--outage", outage, OUTAGES),
    outageSeconds: wholeNumber("--outage-seconds", seconds, 1, 600),
    keep,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        deployment: { type: "string", default: "memory" },
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

function oneOf<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) throw new UsageError(`${flag} takes ${choices.join(", ")}; got "${text}"`);
  return choice;
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${flag} takes a whole number from ${min} to ${max}; got "${text}"`);
  }
  return value;
}
