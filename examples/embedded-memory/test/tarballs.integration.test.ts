import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type {} from "@helix/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const published = ["core", "codec", "replayer-memory", "worker", "client"];
let project = "";

const pnpm = (cwd: string, ...args: string[]) => run("npx", ["-y", "pnpm@12", ...args], { cwd });

/** An empty project with the packed packages in it, as a user has them: no workspace, no sources, no conditions. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "helix-tarballs-"));
  const tarballs = join(project, "tarballs");
  await mkdir(tarballs);
  await pnpm(root, "build");
  for (const name of published)
    await pnpm(join(root, "packages", name), "pack", "--pack-destination", tarballs);
  const files = (await readdir(tarballs)).map((file) => join(tarballs, file));
  expect(files).toHaveLength(published.length);
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "app", private: true, type: "module" }),
  );
  await copyFile(join(root, "examples/embedded-memory/src/main.ts"), join(project, "main.ts"));
  const others = ["cassandra-driver@4.10.0", "typescript@5.6.3", "@types/node@22"];
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...files, ...others], {
    cwd: project,
  });
}, 180_000);

afterAll(() => rm(project, { recursive: true, force: true }));

test("the README's program runs in an empty project, against two real clusters", async () => {
  const { A, B } = inject("cassandra");
  const { stdout, stderr } = await run(process.execPath, ["main.ts", A.contactPoint, B.contactPoint], {
    cwd: project,
  });
  expect(stderr).toBe("");
  expect(stdout).toBe("{ A: 'applied', B: 'applied' }\nAlice\n");
});

test("the declarations check on TypeScript 5.6, strictly and with every library's own", async () => {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  const { stdout } = await run("npx", ["--no-install", "tsc", "-p", "."], { cwd: project }).catch(
    (error) => error,
  );
  expect(stdout).toBe("");
});

test("every entry of every package can be imported and required", async () => {
  const entries = [...published.map((name) => `@helix/${name}`), "@helix/core/internal"];
  const script = `for (const entry of ${JSON.stringify(entries)}) {
    const names = [Object.keys(await import(entry)), Object.keys(require(entry))];
    console.log(entry, names.every((one) => one.length > 0));
  }`;
  const esm = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url); ${script}`;
  await writeFile(join(project, "entries.mjs"), esm);
  const { stdout } = await run(process.execPath, ["entries.mjs"], { cwd: project });
  expect(stdout.trim().split("\n")).toEqual(entries.map((entry) => `${entry} true`));
});

test("a tarball holds the build, and no sources or tests", async () => {
  for (const name of published) {
    const folder = join(project, "node_modules/@helix", name);
    const files = await readdir(folder, { recursive: true });
    expect(files).toContain("dist/index.js");
    expect(files).toContain("LICENSE");
    expect(files).toContain("README.md");
    expect(files.filter((file) => /\.test\.|^src/.test(file))).toEqual([]);
  }
});
