import { type DeadLetterReason, type PayloadInput, redriveDeadLetters } from "@helix/core";
import { connectNatsEnqueuer, connectNatsReplayer } from "@helix/replayer-nats";
import { type CqlRequest, type Reply, reply, type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openNatsQueue } from "../src/queue.ts";
import { TOKEN_VARIABLES, TOKENS } from "./admin.ts";
import { CANARY, FINE, INSERT, QUOTED, startClusters, Told, tracesIn, write } from "./canary.ts";
import { ANSWERS, param } from "./canary-faults.ts";
import { Pod } from "./pod.ts";

let nats: NatsServer;
let servers: Record<"A" | "B", ScriptedCqlServer>;
const script = { A: (_: CqlRequest): Reply => reply.void, B: (_: CqlRequest): Reply => reply.void };
beforeAll(async () => {
  nats = await startNatsServer();
  servers = await startClusters(script);
});
afterAll(async () => {
  await Promise.all([servers.A.close(), servers.B.close()]);
  await nats.stop();
});

const isCanary = ({ values }: CqlRequest) => values.some((value) => value?.includes(CANARY.text) === true);
const MAX_BYTES = 64 * 1024 ** 2;
const soon = { timeoutMs: 20_000 };

/**
 * Hears all that goes through the broker: subjects and headers of everything, and the bodies of what is no payload: of records
 * and of requests of the API. Bodies of messages and dead letters are where values belong.
 */
async function spyOn(servers: string, told: Told): Promise<NatsConnection> {
  const connection = await connect({ servers });
  connection.subscribe(">", {
    callback: (_, message) => {
      const { subject, headers } = message;
      told.hear("subject", subject);
      if (headers !== undefined) told.hear("header", [...headers].flat(3).join("\n"));
      if (subject.startsWith("$KV.")) told.hear("record", message.string());
      if (subject.startsWith("$JS.API.")) told.hear("request", message.string());
    },
  });
  await connection.flush();
  return connection;
}

/** The rest of what `canary.test.ts` says. */
describe("no value is told by a pod on NATS", () => {
  /** How a message that lies in a lane comes to its end. What it is told of, beside the value. */
  interface Way {
    readonly answer?: () => Reply;
    readonly ends: DeadLetterReason | "applied";
    readonly more?: Partial<PayloadInput>;
    readonly enqueue?: () => Promise<void>;
  }
  const dayAgo = Date.now() - 86_400_000;
  const schema = { gcGraceSeconds: 60, tableIds: { "ks.canary": null } };
  const mistyped = { kind: "statement", query: INSERT, params: param(2, CANARY.text) } as const;
  const truncate = { kind: "statement", query: "TRUNCATE ks.canary", params: [CANARY.text] } as const;
  const WAYS: Readonly<Record<string, Way>> = {
    ...Object.fromEntries(
      ANSWERS.map(([title, error, ends]) => [title, { answer: () => reply.error(error), ends }] as const),
    ),
    "no answer": { answer: () => reply.silence, ends: "applied" },
    "a lost connection": { answer: () => reply.close, ends: "applied" },
    "a value of another type": { more: { operation: mistyped }, ends: "rejected" },
    "a statement that is not replayed": { more: { operation: truncate }, ends: "rejected" },
    "an age that is too high": {
      more: { writtenAtMs: dayAgo, enqueuedAtMs: dayAgo, schema },
      ends: "too-old",
    },
    "a hold": { more: { disposition: "hold" }, ends: "held" },
    "a table that was made again": {
      more: {
        schema: {
          gcGraceSeconds: 864_000,
          tableIds: { "ks.canary": "5e1f1e55-0000-1fff-8000-000000000000" },
        },
      },
      ends: "table-gone",
    },
    "a body that is no payload": {
      enqueue: async () => {
        const stranger = await connect({ servers: nats.url });
        await stranger.request("helix.replay.high.B", QUOTED);
        await stranger.close();
      },
      ends: "undecodable",
    },
  };

  test("by whatever a message ends", async () => {
    const told = new Told();
    const spy = await spyOn(nats.url, told);
    const pod = new Pod({
      servers,
      env: {
        HELIX_NATS_SERVERS: nats.url,
        HELIX_QUEUE_MAX_BYTES: String(MAX_BYTES),
        HELIX_WORKER_MAX_DELIVER: "2",
        HELIX_WORKER_RETRY_DELAY_MS: "10",
        HELIX_WORKER_MAX_RETRY_DELAY_MS: "200",
        HELIX_REQUEST_TIMEOUT_MS: "500",
        ...TOKEN_VARIABLES,
      },
      openQueue: openNatsQueue,
    });
    await pod.readyzWhen(({ body }) => body.allUp);
    const connect = { servers: nats.url };
    await using enqueuer = await connectNatsEnqueuer({
      connect,
      logger: told.logger("the enqueuer's log"),
    });
    await using queue = await connectNatsReplayer({
      connect,
      provision: "none",
      maxBytes: MAX_BYTES,
      logger: told.logger("the queue's log"),
    });
    const probe = async () => told.hear("a probe", JSON.stringify((await pod.readyz()).body));
    const { adminPort } = pod.log.find((line) => line.adminPort !== undefined) ?? {};
    const ask = async (path: string, token: string = TOKENS.destroy, body?: object) => {
      const response = await fetch(`http://127.0.0.1:${adminPort}/v1/${path}`, {
        headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
        ...(body && { method: "POST", body: JSON.stringify(body) }),
      });
      return response.text();
    };
    /** Whoever has not the right to values is told of none; whoever has it is. */
    const asked = async (id: string) => {
      const who = { by: "an operator", why: "seen" };
      const found = await ask(`dead-letters/${id}`);
      expect(JSON.parse(found).letter.id).toBe(id);
      const values = `dead-letters/${id}/values`;
      const others = ["status", `dead-letters?ids=${id}`, "dead-letters/groups", "trash"];
      const answers = [
        found,
        await ask(values, TOKENS.destroy, who),
        ...(await Promise.all(others.map((path) => ask(path)))),
      ];
      for (const answer of answers) told.hear("an answer of the admin API", answer);
      expect(tracesIn(await ask(values, TOKENS.values, who))).not.toEqual([]);
    };
    const isEmpty = async () =>
      (await queue.depths()).every(({ pending, inFlight, delayed }) => pending + inFlight + delayed === 0);
    for (const [n, [title, { answer = () => reply.void, ends, more, enqueue }]] of Object.entries(
      WAYS,
    ).entries()) {
      const id = `w${n}`;
      let failures = 0;
      let isApplied = false;
      script.B = (request) => {
        if (!isCanary(request)) return reply.void;
        if (ends !== "applied" || failures++ < 2) return answer();
        isApplied = true;
        return reply.void;
      };
      if (enqueue !== undefined) await enqueue();
      else await enqueuer.enqueue(write({ id, ...more }));
      const fine = { kind: "statement", query: INSERT, params: FINE } as const;
      const isOver = async () => {
        if (ends === "applied") return isApplied && (await isEmpty());
        // By others that are applied it is proved to be the message's own fault.
        await enqueuer.enqueue(write({ operation: fine }));
        if (ends === "undecodable") return (await queue.deadLetters.list())[0];
        return queue.deadLetters.get(`${id}.0`);
      };
      const describe = () => `${title}: ${ends}\n${pod.lines.slice(-10).join("")}`;
      const found = await waitFor(isOver, { ...soon, describe });
      await probe();
      if (typeof found !== "object") continue;
      expect([title, found.reason]).toEqual([title, ends]);
      expect(tracesIn(Buffer.from(found.raw).toString())).not.toEqual([]);
      told.hear("the first failure of a dead letter", found.firstError);
      await asked(found.id);
      await queue.deadLetters.discard(found.id, { by: "an operator", why: "seen" });
    }
    expect(
      (await queue.deadLetters.list()).map((letter) => [
        letter.id,
        letter.reason,
        letter.error?.message.slice(0, 100),
      ]),
    ).toEqual([]);
    script.B = () => reply.silence;
    await enqueuer.enqueue(write({ id: "held", disposition: "hold" }));
    await waitFor(() => queue.deadLetters.get("held.0"), { ...soon, describe: "it is held" });
    told.hear("a report", await redriveDeadLetters(queue.deadLetters, { force: true }));
    await waitFor(() => servers.B.requests.some((request) => isCanary(request)), {
      ...soon,
      describe: "it is executed",
    });
    await probe();
    for (const path of ["trash", "jobs", "doctor"]) told.hear("an answer of the admin API", await ask(path));
    await pod.stop();
    script.B = () => reply.void;
    for (const line of pod.lines) told.hear("the pod's log", line);
    await spy.close();
    expect(told.leaks).toEqual([]);
    expect([...told.places].sort()).toEqual([
      "a probe",
      "a report",
      "an answer of the admin API",
      "header",
      "record",
      "request",
      "subject",
      "the enqueuer's log",
      "the first failure of a dead letter",
      "the pod's log",
      "the queue's log",
    ]);
  }, 60_000);
});
