import type { DeadLetter, DeadLetterFilter } from "@helix/core";
import { CALLERS_MISTAKE, equal, rejects } from "../assertions.ts";
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
      title: "refuses a filter that does not exist or cannot be",
      async run(stage) {
        for (const filter of [{ cluster: "C" }, { limit: 0 }, { olderThanMs: -1 }, { tables: "ks.t" }]) {
          const found = stage.queue.deadLetters.list(filter as DeadLetterFilter);
          await rejects(found, CALLERS_MISTAKE, `list(${JSON.stringify(filter)})`);
        }
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

/** One of each lane, oldest first. */
async function four(stage: Stage): Promise<DeadLetter[]> {
  const operation = { kind: "statement", query: "DELETE FROM other.u WHERE id = ?", params: [1] } as const;
  const other = { operation, tables: ["other.u"] };
  return [
    await buried(stage, { targetCluster: "A" }, { reason: "held" }),
    await buried(stage, { targetCluster: "A", priority: "low", ...other }, { reason: "expired" }),
    await buried(stage, other, { reason: "held" }),
    await buried(stage, { priority: "low" }, { reason: "attempts" }),
  ];
}

function ids(letters: readonly DeadLetter[]): string[] {
  return letters.map(({ id }) => id);
}
