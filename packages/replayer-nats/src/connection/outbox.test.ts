import { expect, test } from "vitest";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";

/** What was sent, piece by piece, and when. */
function connectionWith(protocol: Record<string, unknown> | undefined) {
  const steps: string[] = [];
  const connection = {
    publish: (subject: string, text: string, { reply }: { reply?: string } = {}) =>
      steps.push(`publish ${subject} ${reply} ${text}`),
    protocol: protocol && {
      sendCommand: (bytes: Uint8Array) => steps.push(Buffer.from(bytes).toString()),
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
