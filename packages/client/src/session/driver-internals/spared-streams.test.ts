import { createRequire } from "node:module";
import { PassThrough, Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { spareStreams } from "./spared-streams.ts";

const require = createRequire(import.meta.url);
const { Protocol, Parser, ResultEmitter } = require("cassandra-driver/lib/streams");
const { Encoder } = require("cassandra-driver");

const ENCODER = new Encoder(4, {});

interface Header {
  readonly streamId: number;
}

/** The way in of a connection of the driver, from its socket to its requests. */
class WayIn {
  readonly netClient = new PassThrough();
  readonly told: unknown[] = [];
  /** Answers that went through the streams. */
  streamed = 0;
  protocol = new Protocol({ objectMode: true });
  parser = new Parser({ objectMode: true }, ENCODER);

  bindSocketListeners(): void {
    const emitter = new ResultEmitter({ objectMode: true });
    emitter.on("result", (...answer: [Header, unknown, object]) => {
      this.streamed++;
      this.handleResult(...answer);
    });
    emitter.on("row", (header: Header, row: unknown) => this.told.push(["row", { ...header }, row]));
    emitter.on("nodeEvent", (header: Header, event: unknown) =>
      this.told.push(["event", { ...header }, event]),
    );
    emitter.on("frameEnded", (header: Header) => this.freeStreamId(header));
    this.netClient.pipe(this.protocol).pipe(this.parser).pipe(emitter);
  }

  handleResult(header: Header, error: unknown, result?: object): void {
    const { header: inIt, ...rest } = (result ?? {}) as { header?: object };
    this.told.push(["result", { ...header }, String(error ?? ""), { ...inIt }, rest]);
  }

  freeStreamId(header: Header): void {
    this.told.push(["free", header.streamId]);
  }
}

async function toldOf(wayIn: WayIn, chunks: readonly Buffer[]): Promise<unknown[]> {
  wayIn.bindSocketListeners();
  const ended = new Promise((resolve) => wayIn.netClient.once("end", resolve));
  Readable.from(chunks, { objectMode: false }).pipe(wayIn.netClient);
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  return wayIn.told;
}

function frame(streamId: number, opcode: number, body: Buffer, flags = 0): Buffer {
  const header = Buffer.from([0x84, flags, 0, 0, opcode, 0, 0, 0, 0]);
  header.writeInt16BE(streamId, 2);
  header.writeInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}

const text = (value: string) => Buffer.from([0, value.length, ...Buffer.from(value)]);
const nothing = (streamId: number) => frame(streamId, 8, Buffer.from([0, 0, 0, 1]));

/** By what they are. */
const FRAMES: Readonly<Record<string, (streamId: number) => Buffer>> = {
  nothing,
  warned: (id) =>
    frame(id, 8, Buffer.concat([Buffer.from([0, 1]), text("careful"), Buffer.from([0, 0, 0, 1])]), 8),
  keyspace: (id) => frame(id, 8, Buffer.concat([Buffer.from([0, 0, 0, 3]), text("shop")])),
  refused: (id) => frame(id, 0, Buffer.concat([Buffer.from([0, 0, 0x22, 0]), text("no")])),
  "nothing, and more": (id) => frame(id, 8, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])),
  rows: (id) =>
    frame(
      id,
      8,
      Buffer.concat([
        Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1]),
        ...[text("shop"), text("t"), text("id"), Buffer.from([0, 9, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 7])],
      ]),
    ),
  event: () => frame(-1, 12, Buffer.concat(["SCHEMA_CHANGE", "UPDATED", "KEYSPACE", "shop"].map(text))),
};

test("answers, rows, events and freed numbers come as the driver's streams give them, whatever is cut where", async () => {
  const frames = fc.array(fc.constantFrom(...Object.keys(FRAMES), ...Array(30).fill("nothing")), {
    maxLength: 40,
  });
  const cuts = fc.array(fc.nat(3_000), { maxLength: 6 });
  let streamed = 0;
  let all = 0;
  await fc.assert(
    fc.asyncProperty(frames, cuts, async (names, cuts) => {
      const bytes = Buffer.concat(names.map((name, index) => (FRAMES[name] as typeof nothing)(index)));
      const ends = [...cuts.filter((at) => at < bytes.length), bytes.length].sort((a, b) => a - b);
      // The first message of a server tells the version, and so the driver reads that by itself.
      const chunks = [nothing(1_000), ...ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))];
      const [drivers, ours] = [new WayIn(), new WayIn()];
      spareStreams(ours);
      expect(await toldOf(ours, chunks)).toEqual(await toldOf(drivers, chunks));
      streamed += ours.streamed;
      all += drivers.streamed;
    }),
    { numRuns: 300 },
  );
  expect(streamed).toBeLessThan(all * 0.7);
});

test("an answer does not overtake one that is still in the streams", async () => {
  const wayIn = new WayIn();
  spareStreams(wayIn);
  wayIn.bindSocketListeners();
  wayIn.protocol.write(nothing(1));
  wayIn.parser.cork();
  wayIn.protocol.write(FRAMES.refused?.(2));
  wayIn.protocol.write(nothing(3));
  expect(wayIn.told.flat()).not.toContain(3);
  wayIn.parser.uncork();
  await new Promise((resolve) => setImmediate(resolve));
  expect(wayIn.told.filter((one) => (one as unknown[])[0] === "free")).toEqual([
    ["free", 1],
    ["free", 2],
    ["free", 3],
  ]);
});

test("a connection that is built otherwise reads as it did", async () => {
  const wayIn = new WayIn();
  wayIn.protocol.headerChunks = undefined;
  const { readItems } = wayIn.protocol;
  spareStreams(wayIn);
  wayIn.bindSocketListeners();
  expect(wayIn.protocol.readItems).toBe(readItems);
  const without = { bindSocketListeners() {} };
  const { bindSocketListeners } = without;
  spareStreams(without);
  expect(without.bindSocketListeners).toBe(bindSocketListeners);
});
