import { readFileSync } from "node:fs";
import { createPayload, type PayloadInput } from "@helix/core";
import { connectNatsEnqueuer, type NatsEnqueuer } from "@helix/replayer-nats";
import { type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOKEN_VARIABLES, TOKENS } from "../../replay-service/test/admin.ts";
import { startServers } from "../../replay-service/test/pod.ts";
import { MAIN, ServiceProcess } from "../../replay-service/test/service-process.ts";
import { environmentOf } from "../../replay-service/test/valid-environment.ts";
import { type Said, typed } from "./rig.ts";

const RUNBOOK = readFileSync(new URL("../../../docs/operating/runbook.md", import.meta.url), "utf8");
const PATIENCE = { timeoutMs: 30_000 };

interface Command {
  readonly line: string;
  /** What it says there. */
  readonly output: readonly string[];
}

/** In the order in which somebody reads. */
const SECTIONS = RUNBOOK.split(/^## /m).map((text) => {
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  const commands = blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((one): Command => {
      const [line = "", ...output] = one.trimEnd().split("\n");
      return { line, output };
    });
  return { title: text.split("\n", 1)[0] ?? "", commands };
});

let nats: NatsServer;
let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };
let pod: ServiceProcess;
let application: NatsEnqueuer;
let isApplicationConnected = true;
let url: string;

beforeAll(async () => {
  [nats, servers] = await Promise.all([startNatsServer({ killable: true }), startServers()]);
  const variables = { HELIX_NATS_SERVERS: nats.url, ...TOKEN_VARIABLES };
  pod = new ServiceProcess(MAIN, environmentOf(servers, variables));
  await pod.ready();
  const { adminPort } = await pod.logged("the admin API answers");
  url = `http://127.0.0.1:${adminPort}`;
  application = await connectNatsEnqueuer({ connect: { servers: nats.url } });
  application.on("queue:connected", () => (isApplicationConnected = true));
  application.on("queue:disconnected", () => (isApplicationConnected = false));
});
afterAll(async () => {
  await application.close();
  await pod[Symbol.asyncDispose]();
  await Promise.all([nats.stop(), servers.A.close(), servers.B.close()]);
});

/** By the pod, whatever its addresses are here. */
async function run(line: string): Promise<Said> {
  const probe = /^curl -s http:\/\/127\.0\.0\.1:8080(\S+)$/.exec(line)?.[1];
  if (probe !== undefined) return { exit: 0, out: (await pod.get(probe)).text, err: "" };
  return typed(line.replace(/^helix /, ""), { env: { HELIX_URL: url, HELIX_TOKEN: TOKENS.destroy } });
}

let writes = 0;
async function write(count: number, table: string, more: Partial<PayloadInput> = {}): Promise<void> {
  const query = `INSERT INTO ${table} (id, name) VALUES (?, ?)`;
  for (let n = 0; n < count; n++) {
    await application.enqueue(
      createPayload({
        id: `w${writes++}`,
        targetCluster: "B",
        operation: { kind: "statement", query, params: ["1", "Alice"] },
        tables: [table],
        timestampMicros: 1n,
        ...more,
      }),
    );
  }
}

async function until(line: string, says: RegExp): Promise<void> {
  let last = "";
  await waitFor(
    async () => {
      last = (await run(line)).out;
      return says.test(last);
    },
    { ...PATIENCE, describe: () => `${line} says ${says}; it said:\n${last}` },
  );
}

/** What has happened before somebody opens the runbook at this section. */
const BEFORE: Readonly<Record<string, () => Promise<void>>> = {
  "Queue away": async () => {
    await nats.kill();
    await until("curl -s http://127.0.0.1:8080/readyz", /"queue":{"up":false/);
  },
  "Replay stands still": async () => {
    await nats.start();
    await until("helix status", /^A: open/m);
  },
  "Queue grows": async () => {
    await run("helix rate B none --reason done");
  },
  "Cluster away": async () => {
    await servers.B.setDown();
    // The application may hear later than the pod that NATS is there again.
    await waitFor(() => isApplicationConnected, { ...PATIENCE, describe: "the application has NATS again" });
    await write(20, "shop.users");
    await until("helix status", /^B: away for/m);
  },
  "Paused long": async () => {
    await run('helix pause B --reason "schema change" --until 1h --by anna');
    await until("helix status", /^B: paused by anna/m);
    await servers.B.setUp();
  },
  "Half of retention": async () => {
    await until("curl -s http://127.0.0.1:8080/readyz", /"allUp":true/);
  },
  "Dead letters": async () => {
    await write(12, "shop.users", { disposition: "hold" });
    await write(2, "shop.carts", { disposition: "hold" });
    await until("helix dead groups", /^14 dead letters in 2 groups$/m);
  },
};

/** Figures and times differ. */
const withoutFigures = (line: string) =>
  line
    .replaceAll(/\d[\d.,:TZ-]*(?: ?(?:ms|s|min|h|days?)\b)?/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim();

/** A line that ends in … is the beginning of one. */
function isSaidBy(shown: string): (said: string) => boolean {
  const [begin = "", rest] = shown.split(" …");
  const wanted = withoutFigures(begin);
  return rest === undefined ? (said) => said === wanted : (said) => said.startsWith(wanted);
}

describe("the runbook has under", () => {
  it.each(SECTIONS.filter(({ commands }) => commands.length > 0))(
    '"$title" commands that do what it says, and say what stands there',
    async ({ title, commands }) => {
      await BEFORE[title]?.();
      for (const { line, output } of commands) {
        const [, id = ""] = /"id": ?"([^"]+)"/.exec((await run("helix dead list --json")).out) ?? [];
        const { exit, out, err } = await run(line.replace(/ ID$/, ` ${id}`));
        // The doctor finds that there is one server alone.
        expect(exit, `${line}\n${out}${err}`).toBe(line === "helix doctor" ? 1 : 0);
        const said = out.split("\n").map(withoutFigures);
        for (const one of output) expect(said.some(isSaidBy(one)), `${line}: ${one}\n${out}`).toBe(true);
      }
    },
  );
});
