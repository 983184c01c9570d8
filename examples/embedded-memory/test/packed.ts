import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A published package: its tarball, and of its `package.json` what is looked at here. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  readonly exports?: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly publishConfig?: Readonly<Record<string, unknown>>;
}

/** Builds everything, and packs into the folder what is published. */
export async function packAll(folder: string): Promise<PackedPackage[]> {
  const pnpm = (cwd: string, ...args: string[]) => run("npx", ["-y", "pnpm@12", ...args], { cwd });
  await mkdir(folder);
  await pnpm(root, "build");
  const names = await readdir(join(root, "packages"));
  const packed: PackedPackage[] = [];
  for (const path of [...names.map((name) => `packages/${name}`), "apps/replay-service"]) {
    const from = join(root, path);
    const { stdout } = await pnpm(from, "pack", "--json", "--pack-destination", folder);
    const manifest = JSON.parse(await readFile(join(from, "package.json"), "utf8"));
    packed.push({ ...manifest, tarball: JSON.parse(stdout).filename });
  }
  return packed;
}

/**
 * Installs into an empty folder, as a user does: no workspace, no sources, no conditions. Whatever else of ours the
 * packages depend on comes from a tarball as well. Resolves with the names of all that is then there.
 */
export async function install(
  folder: string,
  packages: readonly string[],
  packed: readonly PackedPackage[],
): Promise<string[]> {
  const ours = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const others: Record<string, string> = {
    "cassandra-driver": "4.10.0",
    typescript: "5.6.3",
    "@types/node": "22",
  };
  const dependencies = Object.fromEntries(packages.map((name) => [name, ours[name] ?? others[name]]));
  const manifest = { name: "app", private: true, type: "module", dependencies, overrides: ours };
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder });
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  return Object.keys(lock.packages)
    .filter((path) => path !== "")
    .map((path) => path.replace(/^.*node_modules\//, ""));
}

/** What the compiler of the folder says of these files, strictly, a line per error. */
export async function typeErrors(
  folder: string,
  files: readonly string[],
  { skipLibCheck }: { readonly skipLibCheck: boolean },
): Promise<string[]> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck,
    noEmit: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = [join(folder, "node_modules/typescript/bin/tsc"), "-p", folder];
  const { stdout } = await run(process.execPath, tsc, { cwd: folder }).catch((error) => error);
  return String(stdout)
    .split("\n")
    .filter((line) => line.includes(": error TS") || line.startsWith("error TS"));
}
