import { createPayload, isHelixError } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import type { Msg } from "@nats-io/nats-core";
import { beforeEach, expect, test } from "vitest";
import { Bodies } from "./bodies.ts";
import type { Link, LinkListener } from "./connection/link.ts";
import { Enqueuer } from "./enqueuer.ts";
import { type EnqueuerSettings, readEnqueuerOptions } from "./options.ts";
import { namesOf } from "./topology/names.ts";

/** One that remembers what was sent, and answers when a test says so. */
class ScriptedLink {
  isUp = true;
  readonly replies: string[] = [];
  readonly inboxPrefix = "_INBOX";
  readonly #listeners = new Set<LinkListener>();
  #callback: ((error: null, message: Msg) => void) | undefined;
  readonly up = {
    info: { max_payload: 1_048_576 },
    publish: (_: string, __: Uint8Array, { reply }: { reply: string }) => this.replies.push(reply),
    subscribe: (_: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
      this.#callback = callback;
      return { isClosed: () => false, unsubscribe() {} };
    },
  };

  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  async untilUp(): Promise<void> {}

  change(isUp: boolean): void {
    this.isUp = isUp;
    for (const { onChange } of this.#listeners) onChange?.(isUp);
  }
  answer(body: object): void {
    const subject = this.replies.at(-1) ?? "";
    this.#callback?.(null, { subject, data: Buffer.from(JSON.stringify(body)) } as unknown as Msg);
  }
}

let link: ScriptedLink;
let clock: ManualClock;
let enqueuer: Enqueuer;
let outcome: string | undefined;
beforeEach(() => {
  link = new ScriptedLink();
  clock = new ManualClock();
  outcome = undefined;
  const read = readEnqueuerOptions({ connect: { servers: "none" } });
  const settings: EnqueuerSettings = { ...read, clock };
  enqueuer = new Enqueuer(link as unknown as Link, namesOf(settings), settings, new Bodies());
});

function enqueue(): void {
  const payload = createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: ["one"] },
    timestampMicros: 1n,
  });
  enqueuer.enqueue(payload).then(
    () => {
      outcome = "stored";
    },
    (error: unknown) => {
      outcome = isHelixError(error) ? error.code : String(error);
    },
  );
}

test("a freeze that costs the connection leaves an enqueue its time to ask the next one", async () => {
  enqueue();
  await clock.advance(1000);
  await clock.block(60_000);
  link.change(false);
  link.change(true);
  await clock.advance(1000);
  expect([link.replies.length, outcome]).toEqual([2, undefined]);
  link.answer({ stream: "helix-replay", seq: 1, duplicate: true });
  await settle();
  expect(outcome).toBe("stored");
});

test("the same holds where the loss of the connection is seen before the freeze", async () => {
  enqueue();
  await clock.advance(1000);
  const frozen = clock.block(60_000);
  link.change(false);
  link.change(true);
  await frozen;
  await clock.advance(1000);
  expect([link.replies.length, outcome]).toEqual([2, undefined]);
});

test.each<[string, object, string]>([
  [
    "nobody leads",
    { err_code: 10_008, description: "JetStream system temporarily unavailable" },
    "HELIX_QUEUE_UNAVAILABLE",
  ],
  ["the disk fails", { err_code: 10_077, description: "store is closed" }, "HELIX_QUEUE_UNAVAILABLE"],
])("what may pass is tried until the time is over, and told as unavailable: %s", async (_, error, code) => {
  enqueue();
  for (let n = 0; n < 100 && outcome === undefined; n++) {
    link.answer({ error });
    await clock.advance(500);
  }
  expect(link.replies.length).toBeGreaterThan(10);
  expect(outcome).toBe(code);
});

test.each<[string, object, string]>([
  [
    "another stream",
    { err_code: 10_060, description: "expected stream does not match" },
    "HELIX_QUEUE_REFUSED",
  ],
  ["full", { err_code: 10_077, description: "maximum bytes exceeded" }, "HELIX_QUEUE_FULL"],
  ["the account's storage", { err_code: 10_023, description: "insufficient resources" }, "HELIX_QUEUE_FULL"],
  [
    "too large",
    { err_code: 10_054, description: "message size exceeds maximum allowed" },
    "HELIX_PAYLOAD_TOO_LARGE",
  ],
])("what will not pass is told at once: %s", async (_, error, code) => {
  enqueue();
  link.answer({ error });
  await settle();
  expect([link.replies.length, outcome]).toEqual([1, code]);
});
