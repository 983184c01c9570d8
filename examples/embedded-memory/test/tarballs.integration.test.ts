import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { TOKEN_VARIABLES } from "../../../apps/replay-service/test/admin.ts";
import { ServiceProcess } from "../../../apps/replay-service/test/service-process.ts";
import { VALID } from "../../../apps/replay-service/test/valid-environment.ts";
import { Program } from "../../embedded-nats/test/program.ts";
import { createShop, untilReplayed } from "../../embedded-nats/test/shop.ts";
import { INSTALLS } from "./installs.ts";
import { install, type PackedPackage, packAll, typeErrors } from "./packed.ts";

const run = promisify(execFile);
const compiler = ["typescript", "@types/node"];
const EXAMPLES = ["embedded-memory", "embedded-nats", "dedicated-service"];
let folder = "";
let packed: PackedPackage[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "helix-tarballs-"));
  packed = await packAll(join(folder, "tarballs"));
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A project with these packages, and the programs of the examples in it. */
async function project(name: keyof typeof INSTALLS | "everything", packages: readonly string[]) {
  const path = join(folder, name);
  const tree = await install(path, packages, packed);
  const ofExample = (example: string) => new URL(`../../${example}/src/main.ts`, import.meta.url);
  for (const example of EXAMPLES) await copyFile(ofExample(example), join(path, `${example}.ts`));
  return { path, helix: tree.filter((one) => one.startsWith("@helix/")).sort(), tree };
}

describe("an application on memory", () => {
  let memory: Awaited<ReturnType<typeof project>>;
  beforeAll(async () => {
    memory = await project("memory", [...INSTALLS.memory.split(" "), ...compiler]);
  });

  test("has nothing of NATS", () => {
    expect(memory.helix).toEqual([
      "@helix/client",
      "@helix/codec",
      "@helix/core",
      "@helix/replayer-memory",
      "@helix/safety",
      "@helix/worker",
    ]);
    expect(memory.tree).toContain("cassandra-driver");
    expect(memory.tree.filter((name) => /nats/.test(name))).toEqual([]);
  });

  test("runs the README's program, against two real clusters", async () => {
    const { A, B } = inject("cassandra");
    const { stdout, stderr } = await run(
      process.execPath,
      ["embedded-memory.ts", A.contactPoint, B.contactPoint],
      { cwd: memory.path },
    );
    expect(stderr).toBe("");
    expect(stdout).toBe("{ A: 'applied', B: 'applied' }\nAlice\n");
  });

  test("checks on TypeScript 5.6, strictly and with every library's own declarations", async () => {
    expect(await typeErrors(memory.path, ["embedded-memory.ts"], { skipLibCheck: false })).toEqual([]);
  });
});

describe("two applications on NATS, of which one only enqueues", () => {
  let nats: NatsServer;
  let enqueuer: Awaited<ReturnType<typeof project>>;
  let worker: Awaited<ReturnType<typeof project>>;
  beforeAll(async () => {
    enqueuer = await project("enqueuer", INSTALLS.enqueuer.split(" "));
    worker = await project("nats", INSTALLS.nats.split(" "));
    nats = await startNatsServer({ killable: true }); // never one that others use: the stream has its usual name
    await createShop(inject("cassandra"));
  });
  afterAll(() => nats.stop());

  test("have a worker only where it was asked for", () => {
    const named = ["@helix/client", "@helix/codec", "@helix/core", "@helix/replayer-nats", "@helix/safety"];
    expect(enqueuer.helix).toEqual(named);
    expect(enqueuer.tree).toContain("@nats-io/jetstream");
    expect(worker.helix).toEqual([...named, "@helix/worker"]);
  });

  test("work together: what one queues for a cluster that it does not reach, the other replays", async () => {
    const { A, B } = inject("cassandra");
    const [nobody] = await freePorts(1);
    await using replaying = new Program([
      join(worker.path, "embedded-nats.ts"),
      A.contactPoint,
      B.contactPoint,
      nats.url,
    ]);
    await replaying.wrote({ A: "applied", B: "applied" });
    await using enqueuing = new Program([
      join(enqueuer.path, "dedicated-service.ts"),
      A.contactPoint,
      `127.0.0.1:${nobody}`,
      nats.url,
    ]);
    const id = await enqueuing.wrote({ A: "applied", B: "queued" });
    await untilReplayed({ A, B }, id, () => `The worker said:\n${replaying.output}`);
    expect([await enqueuing.end("SIGTERM"), await replaying.end("SIGTERM")]).toEqual([0, 0]);
  });
});

describe("everything that is published", () => {
  let everything: Awaited<ReturnType<typeof project>>;
  let entries: string[] = [];
  beforeAll(async () => {
    const names = packed.map(({ name }) => name);
    everything = await project("everything", [...names, "cassandra-driver", ...compiler]);
    entries = packed.flatMap((one) => Object.keys(one.exports ?? {}).map((key) => join(one.name, key)));
    const imports = entries.map((entry, index) => `export * as e${index} from "${entry}";\n`);
    await writeFile(join(everything.path, "entries.ts"), imports.join(""));
  });

  test("can be imported and required, every entry of it", async () => {
    expect(entries).toEqual(expect.arrayContaining(["@helix/core/internal", "@helix/replayer-contract"]));
    const script = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);
      for (const entry of ${JSON.stringify(entries)}) {
        const names = [Object.keys(await import(entry)), Object.keys(require(entry))];
        console.log(entry, names.every((one) => one.length > 0));
      }`;
    await writeFile(join(everything.path, "entries.mjs"), script);
    const { stdout } = await run(process.execPath, ["entries.mjs"], { cwd: everything.path });
    expect(stdout.trim().split("\n")).toEqual(entries.map((entry) => `${entry} true`));
  });

  test("checks on TypeScript 5.6, where those of NATS are skipped: they are for 5.7, and not for exact optional properties", async () => {
    const files = ["entries.ts", ...EXAMPLES.map((example) => `${example}.ts`)];
    const errors = await typeErrors(everything.path, files, { skipLibCheck: false });
    const culprits = errors.map((line) => line.match(/^node_modules\/(@nats-io\/[^/]+)\//)?.[1] ?? line);
    expect([...new Set(culprits)].sort()).toEqual(["@nats-io/jetstream", "@nats-io/nats-core"]);
    expect(await typeErrors(everything.path, files, { skipLibCheck: true })).toEqual([]);
  });

  test("holds the build, and no sources or tests", async () => {
    const wrong: string[] = [];
    for (const { name, exports = {}, bin = {} } of packed) {
      const files = await readdir(join(everything.path, "node_modules", name), { recursive: true });
      const built = Object.values(exports).flatMap((entry) => [entry.types, entry.default]);
      const wanted = [...built, ...Object.values(bin)].map((path) => path.replace("./", ""));
      expect(wanted).not.toEqual([]);
      const missing = [...wanted, "LICENSE", "README.md"].filter((file) => !files.includes(file));
      const unwanted = files.filter((file) => /\.test\.|^src/.test(file));
      wrong.push(...missing.map((file) => `${name} lacks ${file}`));
      wrong.push(...unwanted.map((file) => `${name} has ${file}`));
    }
    expect(wrong).toEqual([]);
  });

  test("says where it was built, and has no command but one of its own name", () => {
    for (const { name, bin = {}, publishConfig } of packed) {
      expect([name, publishConfig]).toEqual([name, { access: "public", provenance: true }]);
      expect([name, ...Object.keys(bin).filter((command) => name !== `@helix/${command}`)]).toEqual([name]);
    }
  });

  test("has the service as a program, which says what its configuration lacks", async () => {
    const options = { cwd: everything.path, env: { PATH: process.env.PATH } };
    const check = run("npx", ["--no", "@helix/replay-service", "--check"], options);
    const refusal = await check.catch((error) => error);
    expect(refusal).toMatchObject({ code: 64, stderr: expect.stringContaining("HELIX_NATS_SERVERS") });
  });

  test("has the service as its README starts it, which serves its page and ends in order on SIGTERM", async () => {
    const readme = await readFile(new URL("../../../apps/replay-service/README.md", import.meta.url), "utf8");
    const [, flags = "", main = ""] = /exec node ((?:--\S+ )*)(\S+)/.exec(readme) ?? [];
    const args = [...flags.trim().split(" "), join(everything.path, main)];
    await using pod = new ServiceProcess(args, { ...VALID, ...TOKEN_VARIABLES });
    await pod.logged("Replay worker started");
    const { adminPort } = await pod.logged("the admin API answers");
    const page = await fetch(`http://127.0.0.1:${adminPort}/`);
    const script = /src="([^"]+)"/.exec(await page.text())?.[1] ?? "none";
    expect([page.status, (await fetch(new URL(script, page.url))).status]).toEqual([200, 200]);
    pod.signal("SIGTERM");
    expect(await pod.ended).toBe(0);
  });
});
