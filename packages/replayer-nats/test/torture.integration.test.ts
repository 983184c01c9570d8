import { setTimeout as after } from "node:timers/promises";
import { startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { expect, it } from "vitest";
import { addressOf, Rig } from "./rig.ts";
import { settle, Workers, Writers } from "./torture.ts";

const MESSAGES = 50_000;
/** Of each worker: executions of both clusters, and what is received ahead. */
const IN_HAND = 2 * (128 + 2 * 8);

it.for(["2.12", "2.15"] as const)(
  "loses nothing that was acknowledged while a server %s is killed, frozen, cut off, full and robbed of a consumer",
  { timeout: 180_000 },
  async (version, { annotate }) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    const server = await startNatsServer({ version, killable: true });
    try {
      await using rig = new Rig(server);
      await using cut = await startFaultProxy({ target: addressOf(server) });
      await using hole = await startFaultProxy({ target: addressOf(server) });
      const options = { ackWaitMs: 3000 };
      const watcher = await rig.replayer(options);
      const queues = [
        await rig.replayer({ ...options, connect: { servers: `127.0.0.1:${cut.port}` } }),
        await rig.replayer({ ...options, connect: { servers: `127.0.0.1:${hole.port}` } }),
      ];
      const writers = new Writers(await rig.enqueuer());
      const workers = new Workers(queues);
      await workers.start();
      const { api } = await rig.api();
      const faults = async (): Promise<number> => {
        await after(1000);
        await crash(server);
        await after(1000);
        await cut.set("refuse");
        await after(500);
        await cut.set("pass");
        await after(1000);
        await server.pause();
        await after(4000);
        await server.resume();
        await after(1000);
        await hole.set("blackhole");
        await after(4000);
        await hole.set("pass");
        await after(1000);
        await api.consumers.delete(rig.streamName, "helix-worker-high-B");
        await after(1000);
        // Nobody drains, and there is room for a little more than what is there: refused, never evicted.
        await Promise.all([cut.set("refuse"), hole.set("refuse")]);
        await after(200);
        const { state } = await api.streams.info(rig.streamName);
        await api.streams.update(rig.streamName, { max_msgs: state.messages + 3000 });
        await waitFor(() => writers.refused.HELIX_QUEUE_FULL, {
          timeoutMs: 30_000,
          describe: "the stream is full",
        });
        await api.streams.update(rig.streamName, { max_msgs: 1_000_000 });
        await Promise.all([cut.set("pass"), hole.set("pass")]);
        await after(1000);
        await crash(server);
        return 8;
      };
      const over = faults();
      await writers.write(MESSAGES, over);
      const count = await over;
      const report = await settle(watcher, writers, workers, 90_000);
      await workers.stop();
      await annotate(JSON.stringify(report));
      expect(report.lost).toEqual([]);
      expect(report.acknowledged).toBeGreaterThanOrEqual(MESSAGES);
      expect(report.again).toBeLessThanOrEqual(count * queues.length * IN_HAND);
      expect(report.refused.HELIX_QUEUE_FULL).toBeGreaterThan(0);
      expect(report.stuck).toBe(0);
      expect(Math.min(...report.perWorker)).toBeGreaterThan(0);
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
      await server.stop();
    }
  },
);

async function crash(server: NatsServer): Promise<void> {
  await server.kill();
  await after(300);
  await server.start();
}
