import type { DeadLetter, DeadLetterFilter, PageOptions, ScanOptions } from "@helix/core";
import { CALLERS_MISTAKE, code, equal, rejects, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried } from "../letters.ts";
import type { Stage } from "../stage.ts";

export const listing: ContractGroup = {
  name: "lists of dead letters",
  cases: [
    {
      title: "lists dead letters oldest first, up to a limit",
      async run(stage) {
        const letters = await four(stage);
        const { deadLetters } = stage.queue;
        equal(await deadLetters.list(), letters, "the list");
        equal(await deadLetters.list({ limit: 3 }), letters.slice(0, 3), "the first three");
        equal(await deadLetters.list({ limit: 9 }), letters, "the first nine of four");
      },
    },
    {
      title: "filters dead letters by cluster, priority, reason and table, and by all of them together",
      async run(stage) {
        const letters = await four(stage);
        const cases: [DeadLetterFilter, number[]][] = [
          [{ cluster: "A" }, [0, 1]],
          [{ priority: "low" }, [1, 3]],
          [{ reason: "held" }, [0, 2]],
          [{ table: "ks.t" }, [0, 3]],
          [{ table: "t" }, []],
          [{ cluster: "B", priority: "high", reason: "held", table: "other.u" }, [2]],
          [{ cluster: "A", reason: "attempts" }, []],
        ];
        for (const [filter, indexes] of cases) {
          const expected = indexes.map((index) => letters[index]?.id);
          equal(ids(await stage.queue.deadLetters.list(filter)), expected, `list(${JSON.stringify(filter)})`);
        }
        equal(
          ids(await stage.queue.deadLetters.list({ cluster: "B", limit: 1 })),
          [letters[2]?.id],
          "the first of B",
        );
      },
    },
    {
      title: "filters dead letters by how long they have been dead",
      async run(stage) {
        const old = await buried(stage);
        await stage.pause(4 * stage.capabilities.quietMs);
        const young = await buried(stage);
        const ageMs = Math.round(stage.clock.wallMs() - (old.deadAtMs + young.deadAtMs) / 2);
        const { deadLetters } = stage.queue;
        equal(ids(await deadLetters.list({ olderThanMs: ageMs })), [old.id], "the old ones");
        equal(ids(await deadLetters.list({ youngerThanMs: ageMs })), [young.id], "the young ones");
        equal(ids(await deadLetters.list({ olderThanMs: 0 })), [old.id, young.id], "all that are dead");
      },
    },
    {
      title: "filters dead letters by their ids, and by when they died",
      async run(stage) {
        const old = await buried(stage);
        await stage.pause(4 * stage.capabilities.quietMs);
        const young = await buried(stage);
        const betweenMs = Math.round((old.deadAtMs + young.deadAtMs) / 2);
        const cases: [DeadLetterFilter, DeadLetter[]][] = [
          [{ ids: [young.id, "none.0", old.id] }, [old, young]],
          [{ ids: [young.id] }, [young]],
          [{ diedSinceMs: betweenMs }, [young]],
          [{ diedUntilMs: betweenMs }, [old]],
          [{ diedSinceMs: betweenMs, ids: [old.id] }, []],
        ];
        for (const [filter, expected] of cases) {
          equal(
            await stage.queue.deadLetters.list(filter),
            expected,
            `list(${JSON.stringify(Object.keys(filter))})`,
          );
        }
      },
    },
    {
      title: "filters dead letters by the code of their last failure, and by what may be told of it",
      async run(stage) {
        const error = Object.assign(new Error("no place for 'Alice'"), { code: 8704 });
        const first = await buried(stage, {}, { reason: "rejected", error, errorText: "No Place" });
        const second = await buried(stage, {}, { reason: "rejected", error: new Error("Alice") });
        await buried(stage);
        const { toldError } = first;
        equal(
          [toldError, second.toldError?.message.includes("Alice")],
          [{ name: "Error", message: "No Place", code: "8704" }, false],
          "what may be told",
        );
        const cases: [DeadLetterFilter, DeadLetter[]][] = [
          [{ errorCode: "8704" }, [first]],
          [{ errorCode: "870" }, []],
          [{ errorText: "no place" }, [first]],
          [{ errorText: "Alice" }, []],
          [{ errorCode: "8704", errorText: "else" }, []],
        ];
        for (const [filter, expected] of cases) {
          equal(await stage.queue.deadLetters.list(filter), expected, `list(${JSON.stringify(filter)})`);
        }
      },
    },
    {
      title: "filters dead letters by whether they were redriven before",
      async run(stage) {
        const again = await buried(stage);
        await stage.queue.deadLetters.redrive(again.id);
        const receiver = stage.receiver();
        await (await receiver.next()).deadLetter({ reason: "rejected" });
        await receiver.source.stop();
        const once = await buried(stage);
        const { deadLetters } = stage.queue;
        const died = again.content.ok ? `${again.content.payload.id}.1` : "undecodable";
        equal(ids(await deadLetters.list({ redrivenBefore: true })), [died], "what has died again");
        equal(ids(await deadLetters.list({ redrivenBefore: false })), [once.id], "what died once");
      },
    },
    {
      title:
        "refuses a filter that does not exist, cannot be or contradicts itself with HELIX_FILTER_INVALID",
      async run(stage) {
        const { deadLetters } = stage.queue;
        for (const filter of [
          { cluster: "C" },
          { olderThanMs: -1 },
          { tables: "ks.t" },
          { ids: [] },
          { diedSinceMs: 2, diedUntilMs: 1 },
          { olderThanMs: 2, youngerThanMs: 1 },
        ]) {
          const found = deadLetters.list(filter as DeadLetterFilter);
          await rejects(found, code("HELIX_FILTER_INVALID"), `list(${JSON.stringify(filter)})`);
        }
        await rejects(deadLetters.list({ limit: 0 }), CALLERS_MISTAKE, "list({ limit: 0 })");
      },
    },
    {
      title: "gives dead letters page by page, oldest first, each once, by a filter too",
      async run(stage) {
        const letters = await four(stage);
        equal(await paged(stage, {}, 1), letters, "pages of one");
        equal(await paged(stage, {}, 3), letters, "pages of three");
        equal(await paged(stage, {}, undefined), letters, "a page without a limit");
        equal(await paged(stage, { reason: "held" }, 1), [letters[0], letters[2]], "pages of those on hold");
        const { letters: none, cursor } = await stage.queue.deadLetters.page({ table: "ks.none" });
        equal([none, cursor], [[], undefined], "a page of a table that none has, and its cursor");
      },
    },
    {
      title: "goes on with the next page whatever was discarded meanwhile, to what has died meanwhile",
      async run(stage) {
        const letters = await four(stage);
        const { deadLetters } = stage.queue;
        const first = await deadLetters.page({}, { limit: 2 });
        equal(ids(first.letters), ids(letters.slice(0, 2)), "the first page");
        for (const at of [0, 1, 2]) await deadLetters.discard(letters[at]?.id as string);
        const late = await buried(stage);
        const { cursor } = first;
        equal(
          ids((await deadLetters.page({}, { cursor })).letters),
          ids([letters[3] as DeadLetter, late]),
          "the next page",
        );
      },
    },
    {
      title: "refuses a page that cannot be",
      async run(stage) {
        await buried(stage);
        for (const options of [{ limit: 0 }, { limit: 1001 }, { after: 1 }]) {
          const page = stage.queue.deadLetters.page({}, options as PageOptions);
          await rejects(page, CALLERS_MISTAKE, `page({}, ${JSON.stringify(options)})`);
        }
        const filtered = stage.queue.deadLetters.page({ cluster: "C" } as never);
        await rejects(filtered, code("HELIX_FILTER_INVALID"), "a page of a cluster that is none");
      },
    },
    {
      title:
        "refuses a cursor that no page has given, or a page of another filter, with HELIX_CURSOR_INVALID",
      async run(stage) {
        await four(stage);
        const { deadLetters } = stage.queue;
        const { cursor = "none" } = await deadLetters.page({ cluster: "A" }, { limit: 1 });
        equal(ids((await deadLetters.page({ cluster: "A" }, { cursor })).letters).length, 1, "the next page");
        const damaged = cursor.slice(0, -1) + (cursor.endsWith("0") ? "1" : "0");
        for (const [filter, other] of [
          [{ cluster: "A" }, damaged],
          [{ cluster: "A" }, "nowhere"],
          [{ cluster: "A" }, 1],
          [{ cluster: "B" }, cursor],
          [{}, cursor],
        ] as const) {
          const page = deadLetters.page(filter, { cursor: other as string });
          await rejects(page, code("HELIX_CURSOR_INVALID"), `page(${JSON.stringify(filter)}, ${other})`);
        }
      },
    },
    {
      title: "scans up to a cut-off, and nothing that has died or died again after it",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const [again, before] = [await buried(stage), await buried(stage)];
        const until = await deadLetters.cutOff();
        await deadLetters.redrive(again.id);
        const receiver = stage.receiver();
        await (await receiver.next()).deadLetter({ reason: "rejected" });
        await receiver.source.stop();
        await buried(stage);
        const scanned = async (options: ScanOptions) => {
          const found: string[] = [];
          for await (const { id } of deadLetters.scan({}, options)) found.push(id);
          return found;
        };
        equal(await scanned({ until }), [before.id], "what a scan up to the cut-off finds");
        equal((await scanned({})).length, 3, "how many a scan without one finds");
        await rejects(
          scanned({ until: `${until}0` }),
          code("HELIX_CURSOR_INVALID"),
          "a cut-off that is none",
        );
        await rejects(scanned({ until: "" }), code("HELIX_CURSOR_INVALID"), "an empty cut-off");
      },
    },
    {
      title: "counts the dead letters that a filter finds",
      async run(stage) {
        await four(stage);
        const { deadLetters } = stage.queue;
        for (const [filter, count] of [
          [undefined, 4],
          [{ table: "ks.t" }, 2],
          [{ cluster: "A", reason: "expired" }, 1],
          [{ errorCode: "none" }, 0],
        ] as const) {
          equal(
            await deadLetters.count(filter),
            { count, isExact: true },
            `count(${JSON.stringify(filter)})`,
          );
        }
        await rejects(
          deadLetters.count({ cluster: "C" } as never),
          code("HELIX_FILTER_INVALID"),
          "a wrong filter",
        );
        await rejects(deadLetters.count({}, { withinMs: 0 }), CALLERS_MISTAKE, "count({}, { withinMs: 0 })");
      },
    },
    {
      title:
        "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
      async run(stage) {
        const { deadLetters } = stage.queue;
        const failed = (code: number) => ({
          reason: "rejected" as const,
          error: Object.assign(new Error(), { code }),
        });
        const again = await buried(stage, {}, failed(1));
        const later = await buried(stage, BOTH, failed(1));
        const batch = await buried(stage, BOTH, failed(2));
        await buried(stage, { targetCluster: "A" }, { reason: "expired" });
        await deadLetters.redrive(again.id);
        const receiver = stage.receiver();
        await (await receiver.next()).deadLetter(failed(1));
        await receiver.source.stop();
        const first = await buried(stage, {}, failed(1));
        const found = await deadLetters.groups({ cluster: "B" });
        const [largest, ...others] = found;
        equal(found.length, 3, "how many groups there are in B");
        const { firstDiedAtMs = 0, lastDiedAtMs = 0, sampleId = "", ...same } = largest ?? {};
        equal(
          same,
          { cluster: "B", tables: ["ks.t"], reason: "rejected", errorCode: "1", count: 2, redrivenBefore: 1 },
          "the largest group",
        );
        equal(lastDiedAtMs, first.deadAtMs, "when its last one died");
        truthy(
          firstDiedAtMs <= lastDiedAtMs && firstDiedAtMs >= batch.deadAtMs,
          "its first to die before",
          largest,
        );
        truthy(
          (await deadLetters.get(sampleId)) !== undefined,
          "the sample to be one that there is",
          sampleId,
        );
        const at = ({ deadAtMs, id }: DeadLetter) => ({
          firstDiedAtMs: deadAtMs,
          lastDiedAtMs: deadAtMs,
          sampleId: id,
        });
        const alone = {
          cluster: "B",
          tables: ["ks.t", "other.u"],
          reason: "rejected",
          count: 1,
          redrivenBefore: 0,
        };
        equal(
          others,
          [
            { ...alone, errorCode: "1", ...at(later) },
            { ...alone, errorCode: "2", ...at(batch) },
          ],
          "the other groups",
        );
        const [{ errorCode } = {}] = await deadLetters.groups({ cluster: "A" });
        equal(errorCode, undefined, "the code of a group without one");
        equal(await deadLetters.groups({ table: "ks.none" }), [], "the groups of none");
      },
    },
    {
      title: "scans the same dead letters in the same order, also while each is discarded",
      async run(stage) {
        const letters = await four(stage);
        const { deadLetters } = stage.queue;
        const some: string[] = [];
        for await (const { id } of deadLetters.scan({ reason: "held" })) some.push(id);
        equal(some, [letters[0]?.id, letters[2]?.id], "a scan with a filter");
        const all: DeadLetter[] = [];
        for await (const letter of deadLetters.scan()) {
          all.push(letter);
          await deadLetters.discard(letter.id);
        }
        equal(all, letters, "a scan");
        equal(await deadLetters.list(), [], "what is left");
      },
    },
    {
      title: "scans no more dead letters than there were when it began",
      async run(stage) {
        const [first] = await four(stage);
        const found: string[] = [];
        for await (const { id } of stage.queue.deadLetters.scan()) {
          found.push(id);
          if (found.length <= 2) await buried(stage);
        }
        equal([found.length, found[0]], [4, first?.id], "how many a scan finds, and its first");
      },
    },
  ],
};

const OTHER = {
  operation: { kind: "statement", query: "DELETE FROM other.u WHERE id = ?", params: [1] },
  tables: ["other.u"],
} as const;

const BOTH = {
  operation: {
    kind: "batch",
    batchType: "logged",
    statements: [
      { query: OTHER.operation.query, params: [1] },
      { query: "DELETE FROM ks.t WHERE id = ?", params: ["one"] },
    ],
  },
  tables: ["other.u", "ks.t"],
} as const;

/** One of each lane, oldest first. */
async function four(stage: Stage): Promise<DeadLetter[]> {
  return [
    await buried(stage, { targetCluster: "A" }, { reason: "held" }),
    await buried(stage, { targetCluster: "A", priority: "low", ...OTHER }, { reason: "expired" }),
    await buried(stage, OTHER, { reason: "held" }),
    await buried(stage, { priority: "low" }, { reason: "attempts" }),
  ];
}

/** All that the pages hold, one after the other. */
async function paged(
  { queue }: Stage,
  filter: DeadLetterFilter,
  limit: number | undefined,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const page = await queue.deadLetters.page(filter, { limit, cursor });
    truthy(page.letters.length <= (limit ?? 100), `at most ${limit} on a page`, page.letters.length);
    letters.push(...page.letters);
    cursor = page.cursor;
    truthy(letters.length <= 4, "pages that come to an end", letters);
  } while (cursor !== undefined);
  return letters;
}

function ids(letters: readonly DeadLetter[]): string[] {
  return letters.map(({ id }) => id);
}
