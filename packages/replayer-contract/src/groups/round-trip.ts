import { BATCH_TYPES, CLUSTERS, type Operation, PRIORITIES } from "@helix/core";
import { equal } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried } from "../letters.ts";
import type { Receiver } from "../receiver.ts";
import type { Stage } from "../stage.ts";

const RAW = new Uint8Array([0xff, 0x00, 0x68, 0x69]);

export const roundTrip: ContractGroup = {
  name: "round trip",
  cases: [
    {
      title: "delivers every field of a payload as it was enqueued",
      async run(stage) {
        // Young enough for any retention.
        const nowMs = Math.floor(stage.clock.wallMs());
        await same(stage, stage.receiver("low.A"), {
          targetCluster: "A",
          priority: "low",
          life: 3,
          timestampMicros: 1_764_000_000_123_456n,
          writtenAtMs: nowMs - 2,
          enqueuedAtMs: nowMs - 1,
          keyspace: "ks",
          consistency: 6,
          disposition: "unsafe",
          schema: {
            gcGraceSeconds: 864_000,
            tableIds: { "ks.t": "5bc52802-de25-35ed-aeab-188eecebb090", "ks.u": null },
          },
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        });
      },
    },
    {
      title: "delivers bound values of every kind as they were",
      async run(stage) {
        const params = [
          "",
          "ü 😀",
          0,
          -1,
          0.1,
          2 ** 31,
          2n ** 62n,
          true,
          null,
          new Date(1_764_000_000_000),
          Buffer.from([0, 255]),
          ["a", ["b"]],
        ];
        const query =
          "INSERT INTO ks.t (a, b, c, d, e, f, g, h, i, j, k, l) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        await same(stage, stage.receiver(), { operation: { kind: "statement", query, params } });
      },
    },
    {
      title: "delivers named parameters under their names",
      async run(stage) {
        const params = { id: 1, name: "Alice" };
        const query = "INSERT INTO ks.t (id, name) VALUES (:id, :name)";
        await same(stage, stage.receiver(), { operation: { kind: "statement", query, params } });
      },
    },
    {
      title: "delivers batches of every type with their statements in order",
      async run(stage) {
        const receiver = stage.receiver();
        for (const batchType of BATCH_TYPES) {
          const statements = ["a", "b", "c"].map((id) => ({
            query: `UPDATE ks.${id} SET n = n + ? WHERE id = ?`,
            params: [1, id],
          }));
          await same(stage, receiver, {
            operation: { kind: "batch", batchType, statements },
            tables: ["ks.a", "ks.b", "ks.c"],
          });
        }
      },
    },
    {
      title: "delivers timestamps from one end of int64 to the other without loss",
      async run(stage) {
        const receiver = stage.receiver();
        for (const timestampMicros of [-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n]) {
          await same(stage, receiver, { timestampMicros });
        }
      },
    },
    {
      title: "names the lane on each message, and counts no attempt on a new one",
      async run(stage) {
        for (const targetCluster of CLUSTERS) {
          for (const priority of PRIORITIES) {
            const lane = `${priority}.${targetCluster}` as const;
            await stage.put({ targetCluster, priority });
            const message = await stage.receiver(lane).next();
            equal([message.lane, message.attempts], [lane, 0], "lane and attempts");
            await message.ack();
          }
        }
      },
    },
    {
      title: "delivers a payload of its own each time, whatever became of the last one",
      async run(stage) {
        const operation: Operation = {
          kind: "statement",
          query: "DELETE FROM ks.t WHERE a = ?",
          params: [["x"]],
        };
        const payload = await stage.put({ operation });
        const receiver = stage.receiver();
        const first = await receiver.next();
        if (first.content.ok && first.content.payload.operation.kind === "statement") {
          const [list] = first.content.payload.operation.params as [string[]];
          list.push("changed by a worker");
        }
        await first.release();
        equal((await receiver.next()).content, { ok: true, payload }, "the second delivery");
      },
    },
    {
      title: "delivers what cannot be decoded with its bytes and the reason",
      needs: ["injects"],
      async run(stage) {
        await stage.hook("inject")("high.B", RAW);
        const { content } = await stage.receiver().next();
        const { ok, raw, code } = content.ok
          ? { ok: true, raw: undefined, code: undefined }
          : { ok: false, raw: [...content.raw], code: content.error.code };
        equal({ ok, raw, code }, { ok: false, raw: [...RAW], code: "HELIX_PAYLOAD_INVALID" }, "its content");
      },
    },
    {
      title: "delivers a payload that is for another lane as its bytes and the reason",
      needs: ["injects"],
      async run(stage) {
        const { raw } = await buried(stage, { targetCluster: "A" });
        for (const lane of ["high.B", "low.A"] as const) {
          await stage.hook("inject")(lane, raw);
          const message = await stage.receiver(lane).next();
          const { content } = message;
          equal(content.ok || content.error.code, "HELIX_PAYLOAD_INVALID", `what \`${lane}\` delivers`);
          equal(content.ok || [...content.raw], [...raw], "its bytes");
          await message.ack();
        }
      },
    },
  ],
};

/** Enqueues a payload and expects it back. */
async function same(stage: Stage, receiver: Receiver, input: Parameters<Stage["put"]>[0]): Promise<void> {
  const payload = await stage.put(input);
  const message = await receiver.next();
  equal(message.content, { ok: true, payload }, "the content");
  await message.ack();
}
