import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Rig, typed } from "./rig.ts";

const WHY = '--reason "the column is there"';

let rig: Rig;
let pod: AsyncDisposable;
beforeEach(async () => {
  rig = new Rig();
  await rig.bury(3, { reason: "rejected", error: Object.assign(new Error("no column"), { code: "0x2200" }) });
  await rig.bury(2, { reason: "too-old" }, "shop.orders");
  pod = rig.startPod();
});
afterEach(() => pod[Symbol.asyncDispose]());

const countIn = async (box: "" | "trash" = "") =>
  JSON.parse((await rig.type(`dead ${box} list --json`)).out).letters.length;
const waiting = async () => JSON.parse((await rig.type("status --json")).out).clusters.B.lanes[0].depth;

it("groups come page by page, each with what to type for the next", async () => {
  const first = await rig.type("dead groups --limit 1");
  expect(first.out).toContain("3 dead letters in 1 group of 2\n");
  const [, next = ""] = /^more: helix (dead groups --limit 1 --cursor .*)$/m.exec(first.out) ?? [];
  const last = await rig.type(next);
  expect([first.exit, last.exit, last.out.includes("shop.orders")]).toEqual([0, 0, true]);
  expect(last.out).not.toContain("more:");
});

describe("a redrive", () => {
  it("of more kinds than are shown is counted for as long as a job counts, and not for a second alone", async () => {
    const { deadLetters } = rig.queue;
    const whole = deadLetters.count.bind(deadLetters);
    vi.spyOn(deadLetters, "count").mockImplementation(async (filter, options) =>
      (options?.withinMs ?? 1000) < 30_000 ? { count: 3, isExact: false } : whole(filter, options),
    );
    const open: typeof rig.open = async (...asked) => {
      const operator = await rig.open(...asked);
      return {
        ...operator,
        letterGroups: async (...of) => ({ ...(await operator.letterGroups(...of)), total: 201 }),
      };
    };
    const { exit, out, err } = await typed(`dead redrive --all ${WHY} --dry-run --json`, {}, open);
    expect([exit, err, JSON.parse(out).count]).toEqual([0, "", 5]);
    const told = await typed(`dead redrive --all ${WHY} --dry-run`, {}, open);
    expect(told.out).toContain("5 dead letters in 201 groups, of which the 2 largest are shown\n");
  });

  it("shows the groups and asks a person, and tells how it went", async () => {
    const { exit, out, err } = await rig.type(`dead redrive --table shop.users ${WHY}`, {
      answer: "y",
      env: { NO_COLOR: "1" },
    });
    expect(err).toMatch(/3 {2}B {8}shop\.users {2}rejected {2}0x2200/);
    expect(err).toContain("Redrive 3 dead letters? [y/N]");
    expect(out).toMatch(/^job .* [0-9a-f]{20}: redrive, done$/m);
    expect(out).toMatch(/^done +3 of 3$/m);
    expect([exit, await waiting(), await countIn()]).toEqual([0, 3, 2]);
  });

  it.each(["n", "", "yes please"])("that is answered with %j is not ordered", async (answer) => {
    const { exit, err } = await rig.type(`dead redrive --all ${WHY}`, { answer });
    expect([exit, err]).toEqual([2, expect.stringContaining("Nothing was changed")]);
    expect(await rig.jobs()).toEqual([]);
  });

  it("of a script has the count that it means, and says why and by whom", async () => {
    const { exit, out } = await rig.type(`dead redrive --table shop.users ${WHY} --expect 3 --yes --json`);
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      verb: "redrive",
      count: 3,
      groups: [{ count: 3, tables: ["shop.users"] }],
      job: { state: "done", by: "anna", why: "the column is there", expect: 3, counts: { done: 3 } },
    });
  });

  it("of ids needs no count, since they are named", async () => {
    const { exit } = await rig.type(`dead redrive shop-users-0.0 shop-users-1.0 ${WHY} --yes`);
    expect([exit, await waiting(), await countIn()]).toEqual([0, 2, 3]);
  });

  it("ends with 1 where some need force, says so, and does them by force", async () => {
    const { exit, out } = await rig.type(`dead redrive --all ${WHY} --expect 5 --yes`);
    expect(exit).toBe(1);
    expect(out).toMatch(/^done +3 of 5, 2 need --force$/m);
    const forced = await rig.type(`dead redrive --all ${WHY} --expect 2 --yes --force`);
    expect([forced.exit, await countIn()]).toEqual([0, 0]);
  });

  it("only shows what it would be with --dry-run", async () => {
    const { exit, out } = await rig.type(`dead redrive --all ${WHY} --dry-run`);
    expect([exit, out]).toEqual([0, expect.stringContaining("5 dead letters in 2 groups")]);
    expect(await rig.jobs()).toEqual([]);
  });

  it("of what is not there is done", async () => {
    const { exit, out } = await rig.type(`dead redrive --table shop.none ${WHY}`);
    expect([exit, out]).toEqual([0, "No dead letters.\n"]);
  });

  it("waits for no end with --detach, and is looked after by its id", async () => {
    await pod[Symbol.asyncDispose]();
    const { out } = await rig.type(`dead redrive --all ${WHY} --expect 5 --yes --detach --json`);
    const { id, state } = JSON.parse(out).job;
    expect(state).toBe("waiting");
    expect((await rig.type("jobs list")).out).toMatch(
      new RegExp(`^${id} {2}redrive {2}waiting {2}0 of 5 +0 .* anna {2}the column is there$`, "m"),
    );
    const cancelled = await rig.type(`jobs cancel ${id} --reason "wrong table"`);
    expect([cancelled.exit, cancelled.out]).toEqual([
      0,
      expect.stringMatching(/cancelled +by anna: wrong table/),
    ]);
    expect((await rig.type(`jobs show ${id} --follow`)).exit).toBe(1);
    expect((await rig.type(`jobs cancel 0123456789abcdef0123 --reason x`)).err).toContain("There is no job");
  });
});

it("a job that stands still says why, once, to whoever waits for it", async () => {
  const REDRIVE = `dead redrive --all ${WHY} --expect 5 --yes`;
  let looks = 0;
  const { exit, err } = await typed(REDRIVE, {}, async (...asked) => {
    const operator = await rig.open(...asked);
    const stalled = { code: "HELIX_TRASH_FULL", sinceMs: 0 };
    return {
      ...operator,
      job: async (id) => ({
        ...(await operator.job(id)),
        ...(++looks < 3 && ({ state: "running", stalled } as const)),
        ...(looks >= 3 && ({ state: "done" } as const)),
      }),
    };
  });
  expect([exit, err.match(/^It stands still for .*$/gm)]).toEqual([
    1,
    ["It stands still for HELIX_TRASH_FULL, and goes on when that is over"],
  ]);
});

describe("an interrupt", () => {
  const REDRIVE = `dead redrive --all ${WHY} --expect 5 --yes --json`;

  it("of a job that is waited for says how to look after it, and does not end as if it were done", async () => {
    await pod[Symbol.asyncDispose]();
    const waits: ((exit: number) => void)[] = [];
    const typing = rig.type(REDRIVE.replace(" --json", ""), { onInterrupt: (one) => waits.push(one) });
    // The first was for the order itself.
    await vi.waitFor(() => expect(waits.length).toBe(2));
    waits[1]?.(143);
    const { exit, out, err } = await typing;
    const [{ id, state } = {}] = await rig.jobs();
    expect([exit, state]).toEqual([143, "waiting"]);
    expect(err).toContain(`It goes on: helix jobs show ${id} --follow`);
    expect(out).toContain(`${id}: redrive, waiting`);
  });

  it("of an order that has no answer yet says that it may be done, and where to look", async () => {
    const waits: ((exit: number) => void)[] = [];
    const typing = typed(REDRIVE, { onInterrupt: (one) => waits.push(one) }, async (...asked) => ({
      ...(await rig.open(...asked)),
      startJob: () => new Promise(() => {}),
    }));
    await vi.waitFor(() => expect(waits.length).toBe(1));
    waits[0]?.(130);
    const { exit, out } = await typing;
    expect([exit, JSON.parse(out).error]).toEqual([
      130,
      {
        code: "HELIX_CLI_INTERRUPTED",
        message: "Interrupted before there was an answer: what was ordered may be done all the same",
        type: ["helix jobs list"],
      },
    ]);
  });
});

describe("a discard", () => {
  it("is taken back out of the trash by the same conditions, and deleted for good only there", async () => {
    await rig.type(`dead discard --table shop.users --reason "test rows" --expect 3 --yes`);
    expect([await countIn(), await countIn("trash")]).toEqual([2, 3]);
    const { out } = await rig.type("dead trash list");
    expect(out).toMatch(/^ID .* DISCARDED {2}BY {4}WHY$/m);
    expect(out).toMatch(/anna {2}test rows$/m);
    expect((await rig.type("dead trash show shop-users-0.0")).out).toMatch(
      /^discarded .*, anna, test rows$/m,
    );
    await rig.type(`dead restore --table shop.users --reason oops --expect 3 --yes`);
    expect([await countIn(), await countIn("trash")]).toEqual([5, 0]);
    await rig.type(`dead discard shop-users-0.0 --reason "test rows" --yes`);
    const { exit, out: emptied } = await rig.type(`dead trash empty --all --reason done --expect 1 --yes`);
    expect([exit, emptied]).toEqual([0, expect.stringMatching(/empty, done/)]);
    expect([await countIn(), await countIn("trash")]).toEqual([4, 0]);
  });
});

describe("letters that somebody else has ended meanwhile", () => {
  it.each([
    ["emptied", "restore", "trash empty"],
    ["redriven", "discard", "redrive"],
    ["discarded", "redrive", "discard"],
  ])("by being %s are not there for a %s, which says so and ends with 1", async (_, verb, other) => {
    await pod[Symbol.asyncDispose]();
    if (verb === "restore") {
      const first = rig.startPod();
      await rig.type(`dead discard --table shop.users --reason x --expect 3 --yes`);
      await first[Symbol.asyncDispose]();
    }
    const { out } = await rig.type(
      `dead ${verb} --table shop.users --reason x --expect 3 --yes --detach --json`,
    );
    const { id } = JSON.parse(out).job;
    const store = rig.queue.deadLetters;
    for await (const letter of (verb === "restore" ? store.trash : store).scan({ table: "shop.users" })) {
      if (other === "trash empty") await store.trash.delete(letter.id);
      else if (other === "redrive") await store.redrive(letter.id);
      else await store.discard(letter.id);
    }
    const second = rig.startPod();
    const ended = await rig.type(`jobs show ${id} --follow`, { env: { NO_COLOR: "1" } });
    await second[Symbol.asyncDispose]();
    expect([ended.exit, ended.out]).toEqual([1, expect.stringMatching(/^done +0 of 3, 3 not found$/m)]);
  });
});

it("what to type next is the same order, whole, and asks the same", async () => {
  const flags = "--force --stages 1,10 --per-second 5 --detach";
  const { err } = await rig.type(`dead redrive --all ${WHY} ${flags} --by bert --nats nats-1:4222`);
  expect(err).toContain(
    "Type helix dead redrive --all --force --stages 1,10 --per-second 5 --detach --reason 'the column is there' --expect 5 --yes --nats nats-1:4222 --by bert\n",
  );
  const first = await rig.type("dead groups --limit 1 --nats nats-1:4222");
  expect(first.out).toMatch(/^more: helix dead groups --limit 1 --cursor \S+ --nats nats-1:4222$/m);
});

/** What is typed, what is said, and what to type. */
const WRONG: readonly (readonly [string, string, string | RegExp])[] = [
  ["dead redrive", "Required option '--reason <text>'", "helix dead redrive"],
  [`dead redrive ${WHY}`, "Expected to know which letters are meant", "helix dead redrive --all --reason"],
  [
    `dead redrive --all --table shop.users ${WHY}`,
    "not clear what is meant",
    "helix dead redrive --table shop.users --reason",
  ],
  [`dead redrive a.0 --all ${WHY}`, "not clear what is meant", "helix dead redrive"],
  [`dead redrive a.0 --id b.0 ${WHY}`, "Expected ids once", "helix dead redrive a.0"],
  [`dead redrive a.0 ${WHY} --yes`, "Expected 1 dead letter, and there are 0", ""],
  [
    `dead redrive --all ${WHY} --expect 4 --yes`,
    "Expected 4 dead letters, and there are 5",
    "--all --reason 'the column is there' --expect 5",
  ],
  [`dead redrive --all ${WHY} --expect 6`, "Expected 6 dead letters, and there are 5", "--expect 5"],
  [`dead redrive --all ${WHY} --yes`, "--yes has to say how many it means", "--expect 5 --yes"],
  [
    `dead redrive --all ${WHY}`,
    "There is no terminal to ask",
    "helix dead redrive --all --reason 'the column is there' --expect 5 --yes",
  ],
  [`dead redrive --all ${WHY} --json`, "There is no terminal to ask", "--expect 5 --yes"],
  [`dead redrive --all ${WHY} --expect many`, "whole number", "helix dead redrive"],
  [`dead redrive --all ${WHY} --expect 5 --yes --per-second 0`, "whole number from 1", "helix dead redrive"],
  [`dead redrive --all ${WHY} --expect 5 --yes --stages 1,0`, "one to ten sizes", "helix dead redrive"],
  [`dead discard --all`, "Required option '--reason <text>'", "helix dead discard"],
  [
    `dead discard --reason x`,
    "Expected to know which letters are meant",
    "helix dead discard --all --reason x",
  ],
  [`dead discard --all --reason x --force`, "Unknown option '--force'", "helix dead discard"],
  [`dead discard --all --reason x`, "There is no terminal to ask", "--expect 5 --yes"],
  [`dead discard --table "it's" --reason x --expect 1`, "there are 0", ""],
  [`dead restore --reason x`, "Expected to know which letters are meant", "helix dead restore --all"],
  [`dead restore --all --reason x --expect 1 --yes`, "Expected 1 dead letter, and there are 0", ""],
  [`dead trash empty --reason x`, "Expected to know which letters are meant", "helix dead trash empty --all"],
  ["jobs", "Usage: helix jobs", "cancel"],
  ["jobs show", "Missing required argument 'id'", "helix jobs show"],
  ["jobs cancel 1", "Required option '--reason <text>'", "helix jobs cancel"],
];

it.each(WRONG)("`helix %s` ends with 2, says what to type, and changes nothing", async (line, said, type) => {
  const { exit, err, out } = await rig.type(line);
  expect(exit).toBe(2);
  if (!line.includes("--json")) expect(out).toBe("");
  expect(err.toLowerCase()).toContain(said.toLowerCase());
  expect(err).toContain(type);
  expect([await countIn(), await countIn("trash"), await waiting(), await rig.jobs()]).toEqual([5, 0, 0, []]);
});
