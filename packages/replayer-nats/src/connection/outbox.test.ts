import { expect, test } from "vitest";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";

/** What was sent, piece by piece, and when. */
function connectionWith(protocol: Record<string, unknown> | undefined, isClosed = false) {
  const steps: string[] = [];
  const connection = {
    publish: (
      subject: string,
      body: string | Uint8Array,
      { reply, headers }: { reply?: string; headers?: { encode(): Uint8Array } } = {},
    ) => steps.push(`publish ${subject} ${reply} ${headers ? headers.encode() : ""}${body}`),
    info: { max_payload: 100 },
    isClosed: () => isClosed,
    isDraining: () => false,
    protocol: protocol && {
      sendCommand: (...pieces: Uint8Array[]) => steps.push(Buffer.concat(pieces).toString()),
      flushPending: () => steps.push("flushed"),
      outMsgs: 7,
      outBytes: 0,
      ...protocol,
    },
  };
  const link = { up: connection as unknown } as { up: unknown };
  return { steps, connection, link, outbox: new Outbox(link as unknown as Link) };
}

test("what is published in one turn leaves as one piece when the turn is over, in order, and is counted", async () => {
  const { steps, outbox, connection } = connectionWith({});
  outbox.publish("one", "+ACK");
  outbox.publish("two", "{}", "_INBOX.é.1");
  expect(steps).toEqual([]);
  await Promise.resolve();
  expect(steps).toEqual(["PUB one 4\r\n+ACK\r\nPUB two _INBOX.é.1 2\r\n{}\r\n"]);
  expect(connection.protocol).toMatchObject({ outMsgs: 9, outBytes: 6 });
  outbox.publish("three", "+WPI");
  await Promise.resolve();
  expect(steps.slice(1)).toEqual(["PUB three 4\r\n+WPI\r\n"]);
});

test("what is flushed leaves at once, and not again", async () => {
  const { steps, outbox } = connectionWith({});
  outbox.flush();
  outbox.publish("one", "+ACK");
  outbox.flush();
  await Promise.resolve();
  expect(steps).toEqual(["PUB one 4\r\n+ACK\r\n", "flushed"]);
});

test.each([
  ["no protocol", undefined],
  ["a protocol that sends by another name", { sendCommand: undefined }],
  ["a protocol that cannot be flushed", { flushPending: undefined }],
  ["a protocol that does not count", { outMsgs: undefined }],
])("where the library has %s, each is published by itself", async (_, protocol) => {
  const { steps, outbox } = connectionWith(protocol);
  outbox.publish("one", "+ACK");
  outbox.publish("two", "{}", "_INBOX.1");
  outbox.flush();
  await Promise.resolve();
  expect(steps).toEqual(["publish one undefined +ACK", "publish two _INBOX.1 {}"]);
});

test("what the connection cannot take any more at the end of the turn is dropped, and nothing of it comes later", async () => {
  const { steps, outbox, link, connection } = connectionWith({});
  outbox.publish("one", "+ACK");
  Object.defineProperty(link, "up", {
    configurable: true,
    get: () => {
      throw new Error("down");
    },
  });
  await Promise.resolve();
  expect(() => outbox.publish("two", "+ACK")).toThrow("down");
  Object.defineProperty(link, "up", { value: connection });
  outbox.publish("three", "+ACK");
  outbox.flush();
  expect(steps).toEqual(["PUB three 4\r\n+ACK\r\n", "flushed"]);
});

const HEADER = Buffer.from("NATS/1.0\r\n\r\n");

test("what has headers leaves after what was published before it, and is counted", () => {
  const { steps, outbox, connection } = connectionWith({});
  outbox.publish("one", "+ACK");
  outbox.send("two", "_INBOX.1", HEADER, Buffer.from("é"));
  expect(steps).toEqual(["PUB one 4\r\n+ACK\r\n", "HPUB two _INBOX.1 12 14\r\nNATS/1.0\r\n\r\né\r\n"]);
  expect(connection.protocol).toMatchObject({ outMsgs: 9, outBytes: 18 });
});

test.each([
  ["is not known inside", connectionWith(undefined), "two", 1],
  ["is closed", connectionWith({}, true), "two", 1],
  ["takes no message of that size", connectionWith({}), "two", 89],
  ["takes no such subject", connectionWith({}), "two\r\nPUB three", 1],
])("what has headers is left to the library where that %s", (_, { steps, outbox }, subject, size) => {
  const body = "b".repeat(size);
  outbox.send(subject, "_INBOX.1", HEADER, Buffer.from(body));
  expect(steps).toEqual([`publish ${subject} _INBOX.1 ${HEADER}${body}`]);
});
