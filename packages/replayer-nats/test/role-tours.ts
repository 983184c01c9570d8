import { type ControlReader, type ControlStore, GATES_KEY, LANES, type Lane, laneOf } from "@helix/core";
import { waitFor } from "@helix/testkit";
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  connectNatsEnqueuer,
  connectNatsOperator,
  connectNatsReplayer,
  ensureTopology,
  type NatsReplayer,
  type NatsRole,
} from "../src/index.ts";
import type { Rig } from "./rig.ts";
import { payloadOf, Receiver } from "./rig.ts";

/** Who goes on a tour: a connection with the rights of a role, and one of somebody who may do everything. */
export interface Tourist {
  readonly rig: Rig;
  readonly names: { readonly streamName: string; readonly subjectPrefix: string };
  readonly connection: NatsConnection;
  readonly all: { readonly connection: NatsConnection; readonly api: JetStreamManager };
}

const LIMITS = { maxBytes: 2 ** 20 };
const FOUND = { dataCenters: ["dc1"], hosts: ["host-a"] };

/** All that somebody of the role ever does, so that each of its rights is used. */
export const TOURS: Readonly<Record<NatsRole, (tourist: Tourist) => Promise<void>>> = {
  async application({ rig, names, connection, all }) {
    await ensureTopology({ connection: all.connection, ...LIMITS, ...names });
    const queue = rig.closing(await connectNatsEnqueuer({ connection, logger: rig.logger, ...names }));
    await queue.identities?.claim("A", FOUND);
    await Promise.all(LANES.map((lane) => queue.enqueue(payloadFor(lane, "one"))));
    await watched(queue.control, rig);
  },

  async worker({ rig, names, connection, all }) {
    await ensureTopology({ connection: all.connection, ...LIMITS, ...names });
    const { streamName, subjectPrefix } = names;
    // As an older version made it, so that there can be something in no lane.
    await all.api.streams.update(streamName, { subjects: [`${subjectPrefix}.*.*`] });
    await all.connection.request(`${subjectPrefix}.high.C`);
    const options = { provision: "none", logger: rig.logger, ...LIMITS, ...names } as const;
    const queue = rig.closing(await connectNatsReplayer({ connection, ...options }));
    await queue.identities.claim("A", FOUND);
    await Promise.all(LANES.map((lane) => tourOf(queue, lane)));
    const [stray] = await queue.strays.list();
    await queue.strays.discard(stray?.sequence as number);
    await tourOfDocuments(queue.control, rig);
    await queue.recoverStuck();
    const { unseen } = await queue.examine();
    if (unseen.length > 0) throw new Error(`cannot see ${JSON.stringify(unseen)}`);
    await waitFor(async () => (await queue.depths()).every(({ inFlight }) => inFlight === 0), {
      timeoutMs: 5000,
      describe: "everything is settled",
    });
  },

  async operator({ rig, names, connection, all }) {
    await ensureTopology({ connection: all.connection, ...LIMITS, ...names });
    const letters = rig.closing(
      await connectNatsReplayer({ connection: all.connection, ...LIMITS, ...names }),
    );
    const receiver = new Receiver(letters, "low.B");
    await letters.enqueue(payloadFor("low.B", "dies"));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    await letters.enqueue(payloadFor("high.A", "waits"));
    const queue = rig.closing(await connectNatsOperator({ connection, logger: rig.logger, ...names }));
    await queue.depths();
    await queue.deadLetters.groups();
    await queue.deadLetters.get("low-B-dies.0");
    await letters.deadLetters.discard("low-B-dies.0");
    await queue.deadLetters.trash.groups();
    await queue.deadLetters.trash.get("low-B-dies.0");
    const { unseen } = await queue.examine();
    if (unseen.length > 0) throw new Error(`cannot see ${JSON.stringify(unseen)}`);
    await tourOfDocuments(queue.control, rig);
  },

  async provisioner({ names, connection }) {
    await ensureTopology({ connection, ...LIMITS, ...names });
  },

  async updater({ names, connection, all }) {
    await ensureTopology({ connection, ...LIMITS, ...names });
    // Of which no option decides anything but the replicas.
    for (const bucket of ["clusters", "control"])
      await all.api.streams.update(`KV_${names.streamName}-${bucket}`, { max_bytes: 2 ** 21 });
    const other = { maxBytes: 2 ** 21, maxAgeMs: 1000, ackWaitMs: 1000 };
    await ensureTopology({ connection, provision: "update", ...other, ...names });
  },
};

async function tourOf(queue: NatsReplayer, lane: Lane): Promise<void> {
  const receiver = new Receiver(queue, lane);
  await queue.enqueue(payloadFor(lane, "dies"));
  await (await receiver.next()).release({ attempts: 1 });
  const message = await receiver.next();
  await message.mark?.();
  message.extend();
  await message.deadLetter({ reason: "attempts" });
  await queue.depths();
  await queue.deadLetters.redrive(`${lane.replace(".", "-")}-dies.0`);
  await (await receiver.next()).deadLetter({ reason: "rejected" });
  const letters = await queue.deadLetters.list();
  await queue.deadLetters.count();
  const mine = letters.find((letter) => letter.lane === lane);
  const id = mine?.id as string;
  await queue.deadLetters.discard(id);
  await queue.deadLetters.trash.list();
  await queue.deadLetters.trash.count();
  await queue.deadLetters.trash.restore(id);
  await queue.deadLetters.discard(id);
  await queue.deadLetters.trash.delete(id);
  await queue.enqueue(payloadFor(lane, "lives"));
  await (await receiver.next()).ack();
}

async function tourOfDocuments(control: ControlStore, rig: Rig): Promise<void> {
  const revision = await control.put(GATES_KEY, { A: "open" });
  await control.put(GATES_KEY, { A: "paused" }, { revision });
  await control.put("pods.one", {});
  await control.list("pods");
  await control.delete("pods.one");
  await watched(control, rig);
}

/** Resolves when the gates have been seen; rejects, and says so, if they cannot be. */
function watched(control: ControlReader, { logger }: Rig): Promise<void> {
  return new Promise((resolve, reject) => {
    const watch = control.watch(GATES_KEY, {
      onDocument: () => {
        watch[Symbol.dispose]();
        resolve();
      },
      onFailure: (err) => {
        logger.warn({ err }, "the gates cannot be seen");
        reject(err);
      },
    });
  });
}

function payloadFor(lane: Lane, id: string) {
  const [priority, targetCluster] = lane.split(".") as ["high" | "low", "A" | "B"];
  if (laneOf(targetCluster, priority) !== lane) throw new Error(`There is no lane ${lane}`);
  return payloadOf(`${lane.replace(".", "-")}-${id}`, { targetCluster, priority });
}
