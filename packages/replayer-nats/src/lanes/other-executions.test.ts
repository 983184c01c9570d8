import { silentLogger } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import { namesOf } from "../topology/names.ts";
import { OtherExecutions } from "./other-executions.ts";

const LEASE_MS = 30_000;
const NAMES = namesOf({ streamName: "s", subjectPrefix: "p" });
const SUBJECT = `$KV.${NAMES.bucket}.executing.other`;

/** A bucket with the record of one other process, whose server has the time of the clock. */
class Bucket {
  readonly clock = new ManualClock();
  storedAtMs = this.clock.wallMs();
  sequence = 1;
  leaseMs: unknown;
  readonly others: OtherExecutions;

  constructor() {
    const api = {
      streams: {
        info: async () => ({
          ts: new Date(this.clock.wallMs()).toISOString(),
          state: { subjects: { [SUBJECT]: 1 } },
        }),
      },
    };
    const admin = {
      request: (run: (of: typeof api) => unknown) => run(api),
      message: async () => ({
        subject: SUBJECT,
        seq: this.sequence,
        storedAtMs: this.storedAtMs,
        data: Buffer.from(JSON.stringify({ messages: ["m.0"], suspects: ["m.0"], leaseMs: this.leaseMs })),
      }),
    };
    this.others = new OtherExecutions({
      link: { listen: () => () => {} } as unknown as Link,
      admin: admin as unknown as Admin,
      names: NAMES,
      clock: this.clock,
      logger: silentLogger,
      leaseMs: LEASE_MS,
      own: "own",
      remove: async () => {},
    });
  }

  write(): void {
    this.sequence++;
    this.storedAtMs = this.clock.wallMs();
  }
}

test("a process is gone when its record is found to be a lease old, and is not written within five seconds after that", async () => {
  const bucket = new Bucket();
  await bucket.clock.advance(LEASE_MS + 1000);
  const { undecidedForMs } = await bucket.others.about("m.0");
  expect(undecidedForMs).toBe(5000);
  await bucket.clock.advance(undecidedForMs);
  expect(await bucket.others.about("m.0")).toMatchObject({
    deaths: [{ pod: "other", wasItsTurn: true }],
    undecidedForMs: 0,
  });
});

test("a process that could not write for longer than a lease is not gone, though nobody else has noticed that", async () => {
  const bucket = new Bucket();
  await bucket.clock.advance(LEASE_MS + 1000);
  expect((await bucket.others.about("m.0")).undecidedForMs).toBeGreaterThan(0);
  await bucket.clock.advance(500);
  bucket.write();
  await bucket.clock.advance(4500);
  expect(await bucket.others.about("m.0")).toEqual({ deaths: [], undecidedForMs: 0 });
});

test("nobody is told to ask again before the records are read again", async () => {
  const bucket = new Bucket();
  await bucket.clock.advance(LEASE_MS - 10);
  expect((await bucket.others.about("m.0")).undecidedForMs).toBe(1000);
  await bucket.clock.advance(400);
  expect((await bucket.others.about("m.0")).undecidedForMs).toBe(600);
});

test("a process that says of itself that its lease is longer is gone when that is over", async () => {
  const bucket = new Bucket();
  bucket.leaseMs = 3 * LEASE_MS;
  await bucket.clock.advance(3 * LEASE_MS - 20_000);
  expect(await bucket.others.about("m.0")).toEqual({ deaths: [], undecidedForMs: 20_000 });
  await bucket.clock.advance(20_000);
  await bucket.clock.advance((await bucket.others.about("m.0")).undecidedForMs);
  expect((await bucket.others.about("m.0")).deaths).toHaveLength(1);
});

test.each([1, 0, -1, 1e300, "90000", null])(
  "one that says that it is %o is gone after this process's lease",
  async (leaseMs) => {
    const bucket = new Bucket();
    bucket.leaseMs = leaseMs;
    await bucket.clock.advance(LEASE_MS / 2 - 10);
    expect(await bucket.others.about("m.0")).toEqual({ deaths: [], undecidedForMs: 0 });
    await bucket.clock.advance(LEASE_MS);
    await bucket.clock.advance((await bucket.others.about("m.0")).undecidedForMs);
    expect((await bucket.others.about("m.0")).deaths).toHaveLength(1);
  },
);
