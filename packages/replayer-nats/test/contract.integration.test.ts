import { replayQueueContract } from "@helix/replayer-contract";
import { startFaultProxy } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import type { NatsReplayerOptions } from "../src/options.ts";
import { addressOf, Rig } from "./rig.ts";

const LEASE_MS = 1500;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ config: { max_payload: 65_536 } });
});
afterAll(() => server.stop());

const cases = replayQueueContract({
  async create() {
    const rig = new Rig(server);
    const proxy = await startFaultProxy({ target: addressOf(server) });
    const options = { maxMsgs: 50, maxDeadLetters: 12, ackWaitMs: LEASE_MS, maxAckPending: 30 };
    const open = (extra: Partial<NatsReplayerOptions> = {}) => rig.replayer({ ...options, ...extra });
    let queue: NatsReplayer = await open({ connect: { servers: `127.0.0.1:${proxy.port}` } });
    return {
      queue,
      async dispose() {
        await proxy.set("pass");
        await rig[Symbol.asyncDispose]();
        await proxy.close();
      },
      async reopen() {
        await queue.close();
        queue = await open();
        return queue;
      },
      async crash() {
        // Whatever it says from now on is not heard.
        await proxy.set("blackhole");
        queue = await open();
        return queue;
      },
      otherPod: () => open(),
      cut: () => proxy.set("refuse"),
      heal: () => proxy.set("pass"),
      async inject(lane, bytes) {
        const { connection } = await rig.api();
        connection.publish(`${rig.subjectPrefix}.${lane}`, bytes);
        await connection.flush();
      },
    };
  },
  capabilities: {
    quietMs: 150,
    durable: true,
    shared: true,
    injects: true,
    hastens: true,
    orders: true,
    connection: true,
    leases: { leaseMs: LEASE_MS },
    deDuplicates: { windowMs: 120_000 },
    bounded: { messages: 25 },
    deadLetterBound: { deadLetters: 12 },
    trashBound: { letters: 12 },
    payloadBound: { bytes: 65_536 - 16 * 1024 },
  },
  timeoutMs: 20_000,
});

describe.concurrent("NatsReplayer", () => {
  for (const { group, title, run } of cases) {
    describe(group, () => it(title, run));
  }
});
