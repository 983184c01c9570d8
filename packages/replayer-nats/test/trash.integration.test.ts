import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type DeadLetterReader,
  discardDeadLetters,
  emptyTrash,
  redriveDeadLetters,
  restoreDeadLetters,
  systemClock,
} from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTopology, type NatsReplayer } from "../src/index.ts";
import { blockOf, buried, put } from "./buried.ts";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

const MANY = 300;

const names = Array.from({ length: MANY }, (_, n) => `p${n}.0`).sort();

async function idsIn(letters: Pick<DeadLetterReader, "scan">): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of letters.scan()) ids.push(id);
  return ids.sort();
}

async function stored(rig: Rig, stream: "dead-letters" | "trash"): Promise<number> {
  const { api } = await rig.api();
  return (await api.streams.info(`${rig.streamName}-${stream}`)).state.messages;
}

/** Puts the dead letter back beside its copy in the trash, as somebody leaves it who dies between copy and delete. */
async function discardedHalf(rig: Rig, queue: NatsReplayer, id: string): Promise<void> {
  const { api, connection } = await rig.api();
  const subject = `${rig.subjectPrefix}.dead.high.B.${id}`;
  const before = await api.streams.getMessage(`${rig.streamName}-dead-letters`, { last_by_subj: subject });
  await queue.deadLetters.discard(id, { by: "me", why: "first" });
  const said = before?.header.keys().filter((name) => name.startsWith("Helix-")) ?? [];
  const headers = Object.fromEntries(said.map((name) => [name, before?.header.get(name) ?? ""]));
  await put(rig, connection, id, blockOf(headers), before?.data ?? new Uint8Array());
  expect([await stored(rig, "dead-letters"), await stored(rig, "trash")]).toEqual([1, 1]);
}

describe.each(["2.12", "2.15"] as const)("the trash on NATS %s", (version) => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ version, config: { max_payload: 65_536 } });
  });
  afterAll(() => server.stop());

  it.each(["discard", "restore"] as const)(
    "has each letter in one place when a process that does %s many is killed at any moment and another goes on",
    async (verb) => {
      await using rig = new Rig(server);
      const queue = await rig.replayer();
      const { deadLetters } = queue;
      await buried(rig, MANY);
      if (verb === "restore") await discardDeadLetters(deadLetters);
      for (const share of [0.2, 0.6]) {
        const child = spawnMover(rig, verb);
        const exited = once(child, "exit");
        await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data");
        const into = verb === "discard" ? "trash" : "dead-letters";
        await waitFor(async () => (await stored(rig, into)) >= share * MANY, {
          timeoutMs: 20_000,
          intervalMs: 1,
          describe: () => `a part of them is in the ${into}`,
        });
        child.kill("SIGKILL");
        await exited;
        const places = [...(await idsIn(deadLetters)), ...(await idsIn(deadLetters.trash))];
        expect([...new Set(places)].sort()).toEqual(names);
      }
      if (verb === "discard") expect(await discardDeadLetters(deadLetters)).toMatchObject({ failed: 0 });
      else expect(await restoreDeadLetters(deadLetters.trash)).toMatchObject({ failed: 0, vanished: 0 });
      const places = [await idsIn(deadLetters), await idsIn(deadLetters.trash)];
      expect(places).toEqual(verb === "discard" ? [[], names] : [names, []]);
    },
  );

  it("has each letter in one place when one process discards and another restores all of them at the same time", async () => {
    await using rig = new Rig(server);
    const [one, other] = [await rig.replayer(), await rig.replayer()];
    await buried(rig, MANY);
    await discardDeadLetters(one.deadLetters, { limit: MANY / 2 });
    const [discard, restore] = await Promise.all([
      discardDeadLetters(one.deadLetters),
      restoreDeadLetters(other.deadLetters.trash),
    ]);
    expect([discard.failed, restore.failed]).toEqual([0, 0]);
    const places = [...(await idsIn(one.deadLetters)), ...(await idsIn(one.deadLetters.trash))];
    expect(places.sort()).toEqual(names);
  });

  it("keeps a letter that lies in both places after a kill, whatever is done with it next, in one of them", async () => {
    await using rig = new Rig(server);
    let laterMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs };
    const queue = await rig.replayer({ clock });
    const { deadLetters } = queue;
    await buried(rig, 1);
    await discardedHalf(rig, queue, "p0.0");
    await deadLetters.discard("p0.0", { by: "you", why: "second" });
    expect([await stored(rig, "dead-letters"), await stored(rig, "trash")]).toEqual([0, 1]);
    expect((await deadLetters.trash.get("p0.0"))?.discarded).toMatchObject({ by: "you", why: "second" });

    await deadLetters.trash.restore("p0.0");
    await discardedHalf(rig, queue, "p0.0");
    await deadLetters.trash.restore("p0.0");
    expect([await stored(rig, "dead-letters"), await stored(rig, "trash")]).toEqual([1, 0]);

    await discardedHalf(rig, queue, "p0.0");
    // Another end may be begun two minutes after a discard that has not come to its own.
    laterMs = 121_000;
    await deadLetters.redrive("p0.0");
    expect([await stored(rig, "dead-letters"), await stored(rig, "trash")]).toEqual([0, 0]);
  });

  it("gives back what nobody can name, and what no header says anything of, as it was", async () => {
    await using rig = new Rig(server);
    const { deadLetters } = await rig.replayer();
    const { connection } = await rig.api();
    const body = new Uint8Array([0xc1, 1]);
    await put(
      rig,
      connection,
      "é.0",
      blockOf({ "nats-msg-id": "x", Odd: "é", "Helix-Discarded": "{}" }),
      body,
    );
    const [before] = await deadLetters.list();
    await deadLetters.discard("sequence=1", { by: "é\n", why: "🙂" });
    const [trashed] = await deadLetters.trash.list();
    expect(trashed?.discarded).toMatchObject({ by: "é\n", why: "🙂" });
    await deadLetters.trash.restore(trashed?.id as string);
    const [after] = await deadLetters.list();
    expect(after).toEqual({ ...before, id: "sequence=2" });
    const message = await (await rig.api()).api.streams.getMessage(`${rig.streamName}-dead-letters`, {
      seq: 2,
    });
    expect(message?.subject).toBe(`${rig.subjectPrefix}.dead.high.B.é.0`);
    expect(message?.header.get("Odd")).toBe("é");
  });

  it("keeps two writes of one name side by side, and brings both back", async () => {
    await using rig = new Rig(server);
    const { deadLetters } = await rig.replayer();
    const { connection } = await rig.api();
    for (const byte of [1, 2]) {
      await put(rig, connection, "one.0", blockOf({}), new Uint8Array([byte]));
      await deadLetters.discard("one.0");
    }
    const trashed = await deadLetters.trash.list();
    expect(trashed.map(({ id, raw }) => [id.slice(0, 5), raw[0]])).toEqual([
      ["one.0", 1],
      ["one.0", 2],
    ]);
    expect(await restoreDeadLetters(deadLetters.trash)).toMatchObject({ restored: 2 });
    expect((await deadLetters.list()).map(({ id, raw }) => [id, raw[0]])).toEqual(
      trashed.map(({ id, raw }) => [id, raw[0]]),
    );
  });

  it("has the whole body of a letter that is kept in parts, with all that a person says of it, and gives it back", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { deadLetters } = queue;
    const params = ["p", "x".repeat(65_000)];
    const operation = { kind: "statement", query: "INSERT INTO ks.t (id, a) VALUES (?, ?)", params } as const;
    const { connection } = await rig.api();
    const { encodePayload } = await import("@helix/codec");
    const body = encodePayload(payloadOf("large", { operation }));
    await connection.request(`${rig.subjectPrefix}.high.B`, body);
    const receiver = new Receiver(queue);
    await (await receiver.next()).deadLetter({ reason: "rejected", error: new Error("\u0000".repeat(2048)) });
    expect(await stored(rig, "dead-letters")).toBe(2);
    const [letter] = await deadLetters.list();
    await deadLetters.discard("large.0", { by: "🙂".repeat(100), why: "🙂".repeat(1000) });
    expect(await stored(rig, "dead-letters")).toBe(0);
    const { discarded, ...kept } = (await deadLetters.trash.list())[0] ?? {};
    expect(kept).toEqual(letter);
    expect("🙂".repeat(1000).startsWith(discarded?.why ?? "")).toBe(true);
    await deadLetters.trash.restore("large.0");
    expect(await stored(rig, "trash")).toBe(0);
    expect(await deadLetters.list()).toEqual([letter]);
    await deadLetters.discard("large.0");
    await deadLetters.trash.delete("large.0");
    expect([await stored(rig, "dead-letters"), await stored(rig, "trash")]).toEqual([0, 0]);
  });

  it("refuses what it has no room for by number or bytes, and a run over many ends there", async () => {
    await using rig = new Rig(server);
    const { deadLetters } = await rig.replayer({ maxDeadLetters: 10 });
    await buried(rig, 10);
    await discardDeadLetters(deadLetters);
    await buried(rig, 10);
    const report = await discardDeadLetters(deadLetters);
    expect(report).toMatchObject({
      discarded: 0,
      failed: 1,
      ended: "error",
      error: { code: "HELIX_TRASH_FULL" },
    });
    expect([await stored(rig, "dead-letters"), await stored(rig, "trash")]).toEqual([10, 10]);
    expect(await emptyTrash(deadLetters.trash, { limit: 4, by: "me", why: "room" })).toMatchObject({
      deleted: 4,
    });
    expect(await discardDeadLetters(deadLetters)).toMatchObject({ discarded: 4 });
    // Nothing stands in the way of another end of those that were refused.
    expect(await redriveDeadLetters(deadLetters)).toMatchObject({ redriven: 6, failed: 0 });
  });

  it("tells whoever discards without one what to run, and keeps the dead letter", async () => {
    await using rig = new Rig(server);
    await ensureTopology({ ...rig.options, maxBytes: 2 ** 26 });
    await (await rig.api()).api.streams.delete(`${rig.streamName}-trash`);
    const { deadLetters, health } = await rig.replayer({ provision: "none" });
    expect(health.isReady).toBe(true);
    expect(rig.log.filter(({ level }) => level === "warn").map(({ fields }) => fields)).toEqual([
      { stream: `${rig.streamName}-trash` },
    ]);
    await buried(rig, 2);
    const missing = { code: "HELIX_TOPOLOGY_MISSING", missing: [`stream ${rig.streamName}-trash`] };
    for (const refused of [
      () => deadLetters.discard("p0.0"),
      () => deadLetters.trash.list(),
      () => deadLetters.trash.restore("p0.0"),
    ]) {
      const failure = await failureOf(refused());
      expect(failure).toMatchObject(missing);
      expect(failure.message).toContain("`ensureTopology`");
    }
    expect(await idsIn(deadLetters)).toEqual(["p0.0", "p1.0"]);
    await deadLetters.redrive("p0.0");
    await ensureTopology({ ...rig.options, maxBytes: 2 ** 26 });
    await deadLetters.discard("p1.0");
    expect(await idsIn(deadLetters.trash)).toEqual(["p1.0"]);
  });

  it("leaves a record of each that is discarded or deleted, without a value, and few lines in the log", async () => {
    await using rig = new Rig(server);
    const { deadLetters } = await rig.replayer();
    await buried(rig, 120);
    await discardDeadLetters(deadLetters, { by: "me", why: "obsolete" });
    await emptyTrash(deadLetters.trash, { by: "you", why: "room", limit: 1 });
    const told = rig.log.filter(({ text }) => text === "a dead letter was discarded");
    expect(told).toHaveLength(11);
    expect(told.at(-1)?.fields).toMatchObject({ count: 100, by: "me" });
    const { api } = await rig.api();
    const { state } = await api.streams.info(`KV_${rig.streamName}-state`, { subjects_filter: ">" });
    expect(Object.keys(state.subjects ?? {}).filter((subject) => subject.includes(".ended.p"))).toHaveLength(
      120,
    );
    const last_by_subj = `$KV.${rig.streamName}-state.ended.trash.p0.0`;
    const record = await api.streams.getMessage(`KV_${rig.streamName}-state`, { last_by_subj });
    expect(record?.json()).toEqual({
      end: "deleted",
      by: "you",
      why: "room",
      cause: "rejected",
      digest: expect.stringMatching(/^[0-9a-f]{32}$/),
      letter: 1,
      atMs: expect.any(Number),
    });
  });

  it("is kept for seven days by the server, as many as dead letters, and one of each name", async () => {
    await using rig = new Rig(server);
    await ensureTopology({ ...rig.options, maxDeadLetters: 77, maxBytes: 1_000_000 });
    const { config } = await (await rig.api()).api.streams.info(`${rig.streamName}-trash`);
    expect(config).toMatchObject({
      max_age: 7 * 86_400_000 * 1_000_000,
      max_msgs: 77,
      max_bytes: 1_000_000,
      max_msgs_per_subject: 1,
      discard: "new",
      storage: "file",
    });
  });
});

function spawnMover({ streamName, subjectPrefix, server: { url } }: Rig, verb: string): ChildProcess {
  const program = fileURLToPath(new URL("dying-mover.ts", import.meta.url));
  const args = ["--conditions=@helix/source", program, url, streamName, subjectPrefix, verb];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}
