import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { DirectGets } from "./direct-gets.ts";
import type { Link } from "./link.ts";

/** Asks for three messages from the seventh on, or 1,000 bytes, and gives what a test answers. */
class Bench {
  readonly clock = new ManualClock();
  readonly answered: Promise<readonly number[] | undefined>;
  #callback: (error: Error | null, message: unknown) => void = () => {};

  constructor() {
    const connection = {
      info: { version: "2.12.8" },
      subscribe: (_: string, { callback }: { callback: (error: Error | null, message: unknown) => void }) => {
        this.#callback = callback;
        return { isClosed: () => true };
      },
      publish() {},
    };
    const link = { up: connection, inboxPrefix: "_INBOX", listen: () => () => {} } as unknown as Link;
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    this.answered = new DirectGets(link, { clock: this.clock, logger })
      .read("s", { seq: 7, batch: 3, max_bytes: 1000 })
      .then((messages) => messages?.map(({ seq }) => seq));
  }

  send(block: string, length = 10): void {
    const bytes = Buffer.from(block + "x".repeat(length));
    const data = bytes.subarray(Buffer.byteLength(block));
    this.#callback(null, { subject: "a", data, size: () => 1 + bytes.length });
  }

  message(seq: number, after: number, length?: number): void {
    const lines = [`Subject: a.b`, `Sequence: ${seq}`, "Time-Stamp: 2026-11-29T05:53:29.1Z"];
    const all = ["Stream: s", ...lines, "Num-Pending: 1", `Last-Sequence: ${after}`];
    this.send(`NATS/1.0\r\n${all.map((line) => `Nats-${line}\r\n`).join("")}\r\n`, length);
  }

  end(): void {
    this.send("NATS/1.0 204 EOB\r\n\r\n", 0);
  }
}

test("messages that follow one another are given when the server says that it has sent all", async () => {
  const bench = new Bench();
  bench.message(8, 0);
  bench.message(11, 8, 900);
  bench.end();
  expect(await bench.answered).toEqual([8, 11]);
  expect(bench.clock.timers).toBe(0);
});

test.each<[string, (bench: Bench) => void]>([
  ["one is missing", (bench) => bench.message(9, 8)],
  ["one comes that lies before what was asked for", (bench) => bench.message(6, 0)],
  ["one comes again", (bench) => [0, 7].map((after) => bench.message(7, after))],
  [
    "more come than were asked for",
    (bench) => [7, 8, 9, 10].map((seq) => bench.message(seq, seq === 7 ? 0 : seq - 1)),
  ],
  [
    "more bytes come than were asked for",
    (bench) => [7, 8].map((seq) => bench.message(seq, seq === 7 ? 0 : 7, 1000)),
  ],
  ["something else comes", (bench) => bench.send("NATS/1.0 503\r\n\r\n", 0)],
  ["something comes that has no headers", (bench) => bench.send("")],
])("nothing is given where %s", async (_, answer) => {
  const bench = new Bench();
  answer(bench);
  bench.end();
  expect(await bench.answered).toBeUndefined();
  expect(bench.clock.timers).toBe(0);
});

test("nothing is given where nothing comes for five seconds any more", async () => {
  const bench = new Bench();
  bench.message(7, 0);
  await bench.clock.advance(9000);
  await bench.clock.advance(1000);
  await settle();
  expect(await bench.answered).toBeUndefined();
});
