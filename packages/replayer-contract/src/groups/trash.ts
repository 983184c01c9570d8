import type { DeadLetter, DeadLetterFilter, DeadLetterStore, TrashedLetter } from "@helix/core";
import { CALLERS_MISTAKE, code, equal, rejects, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried } from "../letters.ts";
import type { Stage } from "../stage.ts";

const NOT_FOUND = code("HELIX_DEAD_LETTER_NOT_FOUND");
const CLOCK_SKEW_MS = 2000;

/** Who is at one letter in the trash at the same time, each another person. */
const AT_ONCE: readonly (readonly ("restore" | "delete")[])[] = [
  ["restore", "delete"],
  ["delete", "restore"],
  ["restore", "restore"],
  ["delete", "delete"],
];

export const trash: ContractGroup = {
  name: "trash",
  cases: [
    {
      title: "keeps what is discarded as it was, with who has discarded it, why and when",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const error = Object.assign(new Error("no place for 'Alice'"), { code: 8704 });
        const first = await buried(
          stage,
          {},
          { reason: "attempts", error, errorText: "no place", attempts: 5 },
        );
        const second = await buried(stage, { targetCluster: "A" });
        await deadLetters.discard(second.id, { by: "an operator", why: "obsolete" });
        await deadLetters.discard(first.id);
        const found = await deadLetters.trash.list();
        equal(found.map(asBefore), [second, first], "what is in the trash, in the order of the discards");
        const [{ atMs = 0, ...person } = {}, nobody] = found.map(({ discarded }) => discarded);
        equal(person, { by: "an operator", why: "obsolete" }, "who has discarded it, and why");
        equal([nobody?.by, nobody?.why], [undefined, undefined], "who has discarded the other one, and why");
        const ageMs = stage.clock.wallMs() - atMs;
        truthy(Math.abs(ageMs) <= stage.patienceMs + CLOCK_SKEW_MS, "`atMs` to be now", `${ageMs} ms ago`);
        equal(await deadLetters.trash.get(first.id), found[1], "what `get` finds in the trash");
        equal(await deadLetters.trash.get("none.0"), undefined, "what `get` finds by an unknown id");
        equal(await deadLetters.list(), [], "the dead letters");
      },
    },
    {
      title: "restores one as it was, as the last that came among the dead letters, and nothing else",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const [first, second] = await trashed(stage, 2);
        const third = await buried(stage);
        await deadLetters.trash.restore(first.id);
        equal(await deadLetters.list(), [third, first], "the dead letters");
        equal(ids(await deadLetters.trash.list()), [second.id], "what is left in the trash");
        await rejects(deadLetters.trash.restore(first.id), NOT_FOUND, "a second restore");
        await deadLetters.redrive(first.id);
        const { content } = await stage.receiver().next();
        equal(content.ok && content.payload.life, 1, "the life of what was restored and redriven");
      },
    },
    {
      title: "discards again what was restored, by the order of the second time",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const [letter] = await trashed(stage, 1);
        await deadLetters.trash.restore(letter.id);
        await deadLetters.discard(letter.id, { why: "once more" });
        const [again, ...more] = await deadLetters.trash.list();
        equal([again?.id, again?.discarded.why, more], [letter.id, "once more", []], "what is in the trash");
        equal(await deadLetters.list(), [], "the dead letters");
      },
    },
    {
      title: "deletes one in the trash for good, and nothing else",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const [first, second] = await trashed(stage, 2);
        await deadLetters.trash.delete(first.id, { by: "an operator", why: "obsolete" });
        equal(ids(await deadLetters.trash.list()), [second.id], "what is left in the trash");
        await rejects(deadLetters.trash.delete(first.id), NOT_FOUND, "a second delete");
        await rejects(deadLetters.trash.restore(first.id), NOT_FOUND, "a restore of what was deleted");
        equal(await deadLetters.list(), [], "the dead letters");
      },
    },
    {
      title: "refuses in the trash what was not discarded with HELIX_DEAD_LETTER_NOT_FOUND",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const letter = await buried(stage);
        for (const id of [letter.id, "none.0"]) {
          await rejects(deadLetters.trash.restore(id), NOT_FOUND, `a restore of ${id}`);
          await rejects(deadLetters.trash.delete(id), NOT_FOUND, `a delete of ${id}`);
        }
        equal(await deadLetters.list(), [letter], "the dead letters");
      },
    },
    {
      title: "refuses to delete for somebody or a reason that is no text, and keeps the letter in the trash",
      async run(stage) {
        const [{ id }] = await trashed(stage, 1);
        for (const options of [{ by: 1 }, { why: "x".repeat(2001) }, { reason: "old" }]) {
          const deleted = stage.queue.deadLetters.trash.delete(id, options as never);
          await rejects(deleted, CALLERS_MISTAKE, `delete(id, ${Object.keys(options)})`);
        }
        equal(ids(await stage.queue.deadLetters.trash.list()), [id], "what is in the trash");
      },
    },
    {
      title: "looks at the trash by the filters of the dead letters, and at nothing else",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const held = await buried(stage, { targetCluster: "A" }, { reason: "held" });
        const [first, second] = await trashed(stage, 2);
        await deadLetters.discard(held.id);
        await buried(stage, { targetCluster: "A" }, { reason: "held" });
        const cases: [DeadLetterFilter, DeadLetter[]][] = [
          [{}, [first, second, held]],
          [{ cluster: "A" }, [held]],
          [{ reason: "rejected" }, [first, second]],
          [{ ids: [second.id, "none.0"] }, [second]],
          [{ table: "ks.none" }, []],
        ];
        for (const [filter, expected] of cases) {
          const text = JSON.stringify(filter);
          equal(ids(await deadLetters.trash.list(filter)), ids(expected), `trash.list(${text})`);
          const count = { count: expected.length, isExact: true };
          equal(await deadLetters.trash.count(filter), count, `trash.count(${text})`);
        }
        const groups = await deadLetters.trash.groups();
        equal(
          groups.map(({ cluster, reason, count }) => [cluster, reason, count]),
          [
            ["B", "rejected", 2],
            ["A", "held", 1],
          ],
          "the groups",
        );
        const wrong = deadLetters.trash.list({ cluster: "C" } as never);
        await rejects(wrong, code("HELIX_FILTER_INVALID"), "a wrong filter");
      },
    },
    {
      title: "gives the trash page by page, and scans it up to a cut-off of its own",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const { trash } = deadLetters;
        const [first, second] = await trashed(stage, 2);
        const until = await trash.cutOff();
        const page = await trash.page({}, { limit: 1 });
        const [third] = await trashed(stage, 1);
        await trash.restore(first.id);
        const next = await trash.page({}, { cursor: page.cursor });
        equal(
          [ids(page.letters), ids(next.letters), next.cursor],
          [[first.id], [second.id, third.id], undefined],
          "two pages",
        );
        const scanned: string[] = [];
        for await (const { id } of trash.scan({}, { until })) scanned.push(id);
        equal(scanned, [second.id], "what a scan up to the cut-off finds");
        const foreign = deadLetters.page({}, { cursor: page.cursor });
        await rejects(
          foreign,
          code("HELIX_CURSOR_INVALID"),
          "a page of the dead letters after one of the trash",
        );
      },
    },
    {
      title: "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      needs: ["trashBound"],
      async run(stage) {
        const { deadLetters } = stage.queue;
        const kept = await trashed(stage, stage.fact("trashBound").letters);
        const extra = await buried(stage);
        await rejects(deadLetters.discard(extra.id), code("HELIX_TRASH_FULL"), "one discard too many");
        equal(await deadLetters.list(), [extra], "the dead letters");
        equal(ids(await deadLetters.trash.list()), ids(kept), "what is in the trash");
        await deadLetters.trash.delete(kept[0].id);
        await deadLetters.discard(extra.id);
        equal(
          ids(await deadLetters.trash.list()),
          ids([...kept.slice(1), extra]),
          "what is in the trash then",
        );
      },
    },
    {
      title: "keeps in the trash what the full dead letters do not take back",
      needs: ["deadLetterBound"],
      async run(stage) {
        const { deadLetters } = stage.queue;
        const [letter] = await trashed(stage, 1);
        const { deadLetters: bound } = stage.fact("deadLetterBound");
        for (let count = 0; count < bound; count++) await buried(stage);
        const restored = deadLetters.trash.restore(letter.id);
        await rejects(restored, code("HELIX_DEAD_LETTERS_FULL"), "a restore into full dead letters");
        equal(ids(await deadLetters.trash.list()), [letter.id], "what is in the trash");
      },
    },
    {
      title: "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      async run(stage) {
        const stores = await storesOf(stage);
        const { deadLetters } = stage.queue;
        const restored: string[] = [];
        for (const ends of AT_ONCE) {
          const [{ id }] = await trashed(stage, 1);
          const acts = ends.map((end, at) => (stores[at % stores.length] ?? deadLetters).trash[end](id));
          const outcomes = await Promise.allSettled(acts);
          const done = ends.filter((_, at) => outcomes[at]?.status === "fulfilled");
          equal(done.length, 1, `of ${ends.join(", ")} at once, those that resolved`);
          for (const [at, { status }] of outcomes.entries()) {
            if (status === "rejected")
              await rejects(acts[at] as Promise<void>, NOT_FOUND, "who came too late");
          }
          equal(await deadLetters.trash.list(), [], "what is in the trash");
          if (done[0] === "restore") restored.push(id);
          equal(ids(await deadLetters.list()), restored, `the dead letters after a ${done[0]}`);
        }
      },
    },
    {
      title: "has a letter in one place, whoever discards and restores it at the same time",
      async run(stage) {
        const stores = await storesOf(stage);
        const { deadLetters } = stage.queue;
        const [{ id }] = await trashed(stage, 1);
        for (let round = 0; round < 5; round++) {
          const acts = Array.from({ length: 6 }, (_, at) => {
            const store = stores[at % stores.length] ?? deadLetters;
            return at % 3 === 0 ? store.trash.restore(id) : store.discard(id);
          });
          for (const outcome of await Promise.allSettled(acts)) {
            if (outcome.status === "rejected")
              await rejects(Promise.reject(outcome.reason), NOT_FOUND, "who came too late");
          }
          const places = [...(await deadLetters.list()), ...(await deadLetters.trash.list())];
          equal(ids(places), [id], "the dead letters and what is in the trash");
        }
      },
    },
    {
      title: "keeps its trash when it is closed and opened, or killed",
      needs: ["durable"],
      async run(stage) {
        const [letter] = await trashed(stage, 1);
        const reopened = await stage.hook("reopen")();
        equal(
          (await reopened.deadLetters.trash.list()).map(asBefore),
          [letter],
          "the trash after a reopening",
        );
      },
    },
    {
      title: "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      needs: ["durable"],
      async run(stage) {
        const [first, second] = await trashed(stage, 2);
        await stage.queue.deadLetters.trash.restore(first.id);
        const { deadLetters } = await stage.hook("crash")();
        equal(await deadLetters.list(), [first], "the dead letters after the crash");
        equal((await deadLetters.trash.list()).map(asBefore), [second], "the trash after the crash");
      },
    },
    {
      title: "restores and deletes from any pod",
      needs: ["shared"],
      async run(stage) {
        const [first, second] = await trashed(stage, 2);
        const other = (await stage.hook("otherPod")()).deadLetters;
        await other.trash.restore(first.id);
        await other.trash.delete(second.id);
        equal(await stage.queue.deadLetters.list(), [first], "the dead letters");
        equal(await stage.queue.deadLetters.trash.list(), [], "what is in the trash");
      },
    },
  ],
};

/** Makes so many dead letters, discards them, and gives them as they were. */
async function trashed(stage: Stage, count: number): Promise<[DeadLetter, DeadLetter, ...DeadLetter[]]> {
  const letters: DeadLetter[] = [];
  for (let made = 0; made < count; made++) {
    const letter = await buried(stage);
    await stage.queue.deadLetters.discard(letter.id);
    letters.push(letter);
  }
  return letters as [DeadLetter, DeadLetter, ...DeadLetter[]];
}

/** The second is another process where there can be one. */
async function storesOf(stage: Stage): Promise<DeadLetterStore[]> {
  const stores = [stage.queue.deadLetters];
  if (stage.capabilities.shared) stores.push((await stage.hook("otherPod")()).deadLetters);
  return stores;
}

function asBefore({ discarded: _, ...letter }: TrashedLetter): DeadLetter {
  return letter;
}

function ids(letters: readonly DeadLetter[]): string[] {
  return letters.map(({ id }) => id);
}
