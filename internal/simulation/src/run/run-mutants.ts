import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { QueueKind } from "../scenario/faults.ts";
import { table } from "./summary.ts";

/** A deliberate fault of the production code. */
export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The first seed that is tried, where those before it find nothing. @default 0 */
  readonly from?: number;
  /** The queue of all seeds. @default as they draw it */
  readonly queue?: QueueKind;
}

export interface MutantsOptions {
  /** Within so many it must be found. */
  readonly seeds: number;
  /** Names; none: all. */
  readonly only: readonly string[];
  readonly say: (line: string) => void;
}

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const COPIED = ["packages", "internal/simulation", "package.json"];
const LIMIT_MS = 600_000;

/** Runs the simulation over each mutant, in a copy and a process of its own. Whether all were found. */
export async function runMutants(mutants: readonly Mutant[], options: MutantsOptions): Promise<boolean> {
  const { seeds, only, say } = options;
  const chosen = only.length === 0 ? mutants : mutants.filter(({ name }) => only.includes(name));
  const copy = await mkdtemp(join(tmpdir(), "helix-mutants-"));
  try {
    for (const path of COPIED) {
      // Links between the packages are relative, and lead to the copy.
      await cp(join(ROOT, path), join(copy, path), {
        recursive: true,
        verbatimSymlinks: true,
        filter: isSource,
      });
    }
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    const rows: string[][] = [];
    for (const mutant of [undefined, ...chosen]) {
      const found = await tryOut(copy, mutant, seeds);
      const name = mutant?.name ?? "(the code as it is)";
      rows.push([
        name,
        found === undefined ? "nothing" : found.check,
        found === undefined ? "" : `${found.seed}`,
      ]);
      say(`${name}: ${found === undefined ? "nothing found" : `${found.check}, seed ${found.seed}`}`);
    }
    say("");
    for (const line of table(["mutant", "found by", "seed"], rows)) say(line);
    const [control, ...others] = rows;
    return control?.[1] === "nothing" && others.every(([, check]) => check !== "nothing");
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

interface Found {
  readonly seed: number;
  readonly check: string;
}

async function tryOut(copy: string, mutant: Mutant | undefined, seeds: number): Promise<Found | undefined> {
  if (mutant === undefined) return simulateIn(copy, Math.min(seeds, 50));
  const path = join(copy, mutant.file);
  const original = await readFile(path, "utf8");
  if (original.split(mutant.find).length !== 2) {
    throw new Error(`Expected the text of mutant "${mutant.name}" to be once in ${mutant.file}`);
  }
  try {
    await writeFile(
      path,
      original.replace(mutant.find, () => mutant.replace),
    );
    return await simulateIn(copy, seeds, mutant);
  } finally {
    await writeFile(path, original);
  }
}

function simulateIn(
  copy: string,
  seeds: number,
  { queue, from = 0 }: Pick<Mutant, "queue" | "from"> = {},
): Promise<Found | undefined> {
  const main = join(copy, "internal/simulation/src/main.ts");
  const args = [
    "--conditions=@helix/source",
    main,
    "--terse",
    "--seeds",
    String(seeds),
    "--from",
    String(from),
  ];
  if (queue !== undefined) args.push("--queue", queue);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: LIMIT_MS, cwd: copy }, (error, stdout, stderr) => {
      const line = stdout.trim();
      if (line.startsWith("{")) resolve(JSON.parse(line) as Found);
      else if (error === null) resolve(undefined);
      // A mutant that breaks the process is found as well; but by no check, so it is a poor one.
      else reject(new Error(`The simulation broke:\n${stderr.slice(0, 2000)}`));
    });
  });
}

/** Not what is built, nor what is linked from the store of packages (which the copy shares). */
function isSource(path: string): boolean {
  return !path.includes(`${sep}dist${sep}`) && !path.endsWith(".test.ts");
}
