import type { ControlStore } from "@helix/core";
import { CALLERS_MISTAKE, code, equal, rejects, throws, truthy } from "../assertions.ts";
import type { ControlStage } from "./control-stage.ts";

/** One promise, and how it is put to the test. */
export interface ControlCase {
  /** A sentence, unique in the contract. */
  readonly title: string;
  /** The fact without which it does not apply. */
  readonly needs?: "shared" | "connection" | "injects";
  run(stage: ControlStage): Promise<void>;
}

const CONFLICT = code("HELIX_CONTROL_CONFLICT");
const ENCODER = new TextEncoder();
/** Of letters of one byte, as JSON with its key and quotes. */
const documentOf = (bytes: number) => ({ text: "x".repeat(bytes - '{"text":""}'.length) });

/** What is there, without its place and time. */
async function valueIn(store: ControlStore, key: string): Promise<unknown> {
  return (await store.get(key))?.value;
}

export const CONTROL_CASES: readonly ControlCase[] = [
  {
    title: "gives back what was put, with the revision that the put told, dated by the clock of the list",
    async run({ store }) {
      equal(await store.get("gates"), undefined, "what was never put");
      const revision = await store.put("gates", { A: { state: "paused", untilMs: 1.5 }, text: "Ä€" });
      const document = await store.get("gates");
      equal(document?.value, { A: { state: "paused", untilMs: 1.5 }, text: "Ä€" }, "the document");
      equal(document?.revision, revision, "its revision");
      truthy(revision >= 1, "a revision of at least 1", revision);
      await store.put("pods.one", {});
      const { documents, nowMs } = await store.list("pods");
      const ageMs = nowMs - (documents[0]?.storedAtMs ?? 0);
      truthy(ageMs > -100 && ageMs < 60_000, "an age of what was just put", ageMs);
    },
  },
  {
    title: "keeps the last of several, under a greater revision each time",
    async run({ store }) {
      const revisions = [];
      for (const n of [1, 2, 3]) revisions.push(await store.put("a.b-c_D.4", { n }));
      equal(await valueIn(store, "a.b-c_D.4"), { n: 3 }, "the document");
      equal(
        revisions,
        [...new Set(revisions)].sort((a, b) => a - b),
        "the revisions",
      );
    },
  },
  {
    title: "keeps a document as it was when it was put, whatever becomes of the object",
    async run({ store }) {
      const list = ["one"];
      const putting = store.put("k", { list });
      list.push("two");
      await putting;
      list.push("three");
      const found = (await valueIn(store, "k")) as { readonly list: string[] };
      equal(found, { list: ["one"] }, "the document");
      found.list.push("four");
      equal(await valueIn(store, "k"), { list: ["one"] }, "the document, read again");
    },
  },
  {
    title: "puts over a revision only that one, and where there is none only at 0",
    async run({ store }) {
      await rejects(store.put("k", { n: 0 }, { revision: 7 }), CONFLICT, "a put over what is not there");
      const first = await store.put("k", { n: 1 }, { revision: 0 });
      await rejects(store.put("k", { n: 2 }, { revision: 0 }), CONFLICT, "a put where there is one");
      const second = await store.put("k", { n: 3 }, { revision: first });
      await rejects(store.put("k", { n: 4 }, { revision: first }), CONFLICT, "a put over an older revision");
      equal((await store.get("k"))?.revision, second, "the revision");
      equal(await valueIn(store, "k"), { n: 3 }, "the document");
    },
  },
  {
    title: "lets one of many win who put over the same revision at once",
    async run({ store }) {
      const revision = await store.put("k", { n: 0 });
      const puts = Array.from({ length: 20 }, (_, n) => store.put("k", { n: n + 1 }, { revision }));
      const results = await Promise.allSettled(puts);
      const won = results.flatMap(({ status }, n) => (status === "fulfilled" ? [n + 1] : []));
      equal(won.length, 1, "the number of winners");
      equal(await valueIn(store, "k"), { n: won[0] }, "the document");
    },
  },
  {
    title: "deletes what is there, at a revision only that one, and what is not there without a word",
    async run({ store }) {
      const first = await store.put("k", { n: 1 });
      await rejects(store.delete("k", { revision: first + 1 }), CONFLICT, "a delete at another revision");
      equal(await valueIn(store, "k"), { n: 1 }, "the document");
      await store.delete("k", { revision: first });
      equal(await store.get("k"), undefined, "what was deleted");
      equal((await store.list("k")).documents, [], "the list");
      await store.delete("k");
      const second = await store.put("k", { n: 2 }, { revision: 0 });
      truthy(second > first, `a revision above ${first}`, second);
      await store.delete("k");
      equal(await store.get("k"), undefined, "what was deleted whatever it was");
    },
  },
  {
    title: "lists what is under whole parts of a key, in order, and nothing else",
    async run({ store }) {
      for (const key of ["jobs.2", "jobs.1.x", "jobs", "jobs2.1", "pods.jobs.1", "jobs.10"]) {
        await store.put(key, { key });
      }
      await store.delete("jobs.10");
      const { documents } = await store.list("jobs");
      equal(
        documents.map(({ key }) => key),
        ["jobs.1.x", "jobs.2"],
        "the keys",
      );
      equal(
        documents.map(({ value }) => value),
        [{ key: "jobs.1.x" }, { key: "jobs.2" }],
        "the documents",
      );
      equal(
        (await store.list("jobs.1")).documents.map(({ key }) => key),
        ["jobs.1.x"],
        "those under two parts",
      );
    },
  },
  {
    title: "refuses what is no key, and stores nothing",
    async run({ store }) {
      for (const key of ["", ".", "a.", ".a", "a..b", "a b", "a.*", ">", "ä", "a.b.c.d.e", "x".repeat(65)]) {
        await rejects(store.put(key, {}), CALLERS_MISTAKE, `putting \`${key}\``);
        await rejects(store.get(key), CALLERS_MISTAKE, `getting \`${key}\``);
        await rejects(store.delete(key), CALLERS_MISTAKE, `deleting \`${key}\``);
        await rejects(store.list(key), CALLERS_MISTAKE, `listing \`${key}\``);
        throws(() => store.watch(key, { onDocument() {} }), CALLERS_MISTAKE, `watching \`${key}\``);
      }
      await rejects(store.put("k", {}, { revision: -1 }), CALLERS_MISTAKE, "a revision below 0");
    },
  },
  {
    title: "takes objects of JSON of 65,536 bytes, and refuses what is larger or none",
    async run({ store }) {
      for (const value of [undefined, null, 1, "text", [1], () => {}, { toJSON: () => 1 }, { n: 1n }]) {
        await rejects(store.put("k", value as object), CALLERS_MISTAKE, `putting ${typeof value}`);
      }
      await rejects(store.put("k", documentOf(65_537)), CALLERS_MISTAKE, "putting 65,537 bytes");
      equal(await store.get("k"), undefined, "the document");
      await store.put("k", documentOf(65_536));
      equal(await valueIn(store, "k"), documentOf(65_536), "the document");
    },
  },
  {
    title: "tells a watch the state at first, each last state after a change, and the end of a document",
    async run(stage) {
      const { store } = stage;
      const early = stage.watch("k");
      await stage.untilTold(early, undefined);
      await store.put("k", { n: 1 });
      await stage.untilTold(early, { n: 1 });
      const late = stage.watch("k");
      await stage.untilTold(late, { n: 1 });
      for (const n of [2, 3, 4]) await store.put("k", { n });
      await stage.untilTold(early, { n: 4 });
      await stage.untilTold(late, { n: 4 });
      equal(early.states.at(-1)?.revision, (await store.get("k"))?.revision, "the revision that was told");
      await store.delete("k");
      await stage.untilTold(early, undefined);
      await store.put("k", { n: 5 });
      await stage.untilTold(early, { n: 5 });
      equal(early.failures, [], "what failed");
    },
  },
  {
    title: "tells a watch of nothing twice, of no other key, and of nothing after its end",
    async run(stage) {
      const { store } = stage;
      await store.put("k", { n: 1 });
      const ended = stage.watch("k");
      const watched = stage.watch("k");
      await stage.untilTold(ended, { n: 1 });
      ended.subscription[Symbol.dispose]();
      ended.subscription[Symbol.dispose]();
      await store.put("k2", { n: 9 });
      await store.put("k.under", { n: 9 });
      await store.put("k", { n: 2 });
      await stage.untilTold(watched, { n: 2 });
      await stage.quiet();
      equal(
        watched.states.map((state) => state?.value),
        [{ n: 1 }, { n: 2 }],
        "what was told",
      );
      equal(ended.states.length, 1, "how often the watch that has ended was told");
    },
  },
  {
    title: "tells the other watchers, and stores, though a listener throws or rejects",
    async run(stage) {
      stage.store.watch("k", {
        onDocument() {
          throw new Error("a listener's");
        },
      });
      stage.store.watch("k", { onDocument: () => Promise.reject(new Error("a listener's")) });
      const watched = stage.watch("k");
      await stage.store.put("k", { n: 1 });
      await stage.untilTold(watched, { n: 1 });
      await stage.store.put("k", { n: 2 });
      await stage.untilTold(watched, { n: 2 });
    },
  },
  {
    title: "gives bytes that are no JSON as a document without a value, which can be replaced and watched",
    needs: "injects",
    async run(stage) {
      const { store } = stage;
      const watched = stage.watch("jobs.k");
      await store.put("jobs.k", { n: 1 });
      await stage.untilTold(watched, { n: 1 });
      await stage.hook("inject")("jobs.k", ENCODER.encode('{"n":'));
      const found = await store.get("jobs.k");
      truthy(found !== undefined && found.value === undefined, "a document without a value", found);
      await stage.untilTold(watched, undefined);
      truthy(watched.states.at(-1) !== undefined, "a watch that tells of a document", watched.states);
      equal((await store.list("jobs")).documents.length, 1, "the number of documents in the list");
      await store.put("jobs.k", { n: 2 }, { revision: found?.revision });
      await stage.untilTold(watched, { n: 2 });
    },
  },
  {
    title: "is one store for all pods: each sees and compares with what the others put",
    needs: "shared",
    async run(stage) {
      const { store } = stage;
      const other = await stage.hook("otherPod")();
      const watched = stage.watch("k", other);
      const revision = await store.put("k", { n: 1 });
      await stage.untilTold(watched, { n: 1 });
      equal(await valueIn(store, "k"), { n: 1 }, "the document");
      await other.put("k", { n: 2 }, { revision });
      equal(await valueIn(store, "k"), { n: 2 }, "the document");
      await rejects(store.put("k", { n: 3 }, { revision }), CONFLICT, "a put over what another has put");
    },
  },
  {
    title: "tells a watch once that it cannot be read, and the last state when it can again",
    needs: "connection",
    async run(stage) {
      const { store } = stage;
      const other = await stage.hook("otherPod")();
      await store.put("k", { n: 1 });
      const [watched, gone] = [stage.watch("k"), stage.watch("gone")];
      await store.put("gone", { n: 1 });
      await stage.untilTold(watched, { n: 1 });
      await stage.untilTold(gone, { n: 1 });
      await stage.hook("cut")();
      await stage.until(
        () => watched.failures.length > 0,
        "a failure of the watch",
        () => watched.states,
      );
      for (const n of [2, 3]) await other.put("k", { n });
      await other.delete("gone");
      await stage.quiet();
      equal(watched.states.length, 1, "how many states were told");
      await stage.hook("heal")();
      await stage.untilTold(watched, { n: 3 });
      await stage.untilTold(gone, undefined);
      equal(watched.failures.length, 1, "how many failures were told");
    },
  },
];
