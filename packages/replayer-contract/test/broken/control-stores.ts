import type { ChangeOptions, ControlStore, DocumentListener } from "@helix/core";
import { ModelStore } from "../model/model-control-store.ts";

const GIVES_BACK =
  "gives back what was put, with the revision that the put told, dated by the clock of the list";
const LAST = "keeps the last of several, under a greater revision each time";
const SNAPSHOT = "keeps a document as it was when it was put, whatever becomes of the object";
const COMPARES = "puts over a revision only that one, and where there is none only at 0";
const ONE_WINS = "lets one of many win who put over the same revision at once";
const DELETES = "deletes what is there, at a revision only that one, and what is not there without a word";
const LISTS = "lists what is under whole parts of a key, in order, and nothing else";
const KEYS = "refuses what is no key, and stores nothing";
const SIZES = "takes objects of JSON of 65,536 bytes, and refuses what is larger or none";
const WATCHES = "tells a watch the state at first, each last state after a change, and the end of a document";
const ONCE = "tells a watch of nothing twice, of no other key, and of nothing after its end";
const ISOLATES = "tells the other watchers, and stores, though a listener throws or rejects";
const NO_JSON =
  "gives bytes that are no JSON as a document without a value, which can be replaced and watched";
const SHARED = "is one store for all pods: each sees and compares with what the others put";
const BACK = "tells a watch once that it cannot be read, and the last state when it can again";

/** The model, wrong in one way, and the cases that find it out: these and no others. */
interface BrokenStore {
  /** Completes "a store that …". */
  readonly wrong: string;
  readonly caughtBy: readonly string[];
  readonly make: (inner: ControlStore) => ModelStore;
}

export const BROKEN_CONTROL_STORES: readonly BrokenStore[] = [
  {
    wrong: "tells another revision than it stores",
    caughtBy: [GIVES_BACK, COMPARES, ONE_WINS, DELETES, SHARED],
    make: (inner) =>
      new (class extends ModelStore {
        override async put(key: string, value: object, options?: ChangeOptions) {
          return (await super.put(key, value, options)) + 1;
        }
      })(inner),
  },
  {
    wrong: "dates its list by another clock than its documents",
    caughtBy: [GIVES_BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override async list(prefix: string) {
          const { documents, nowMs } = await super.list(prefix);
          return { documents, nowMs: nowMs + 3_600_000 };
        }
      })(inner),
  },
  {
    wrong: "keeps the first document of a key",
    caughtBy: [LAST, SNAPSHOT, WATCHES, ONCE, ISOLATES, BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override async put(key: string, value: object, options?: ChangeOptions) {
          const first = options?.revision === undefined ? await this.inner.get(key) : undefined;
          return super.put(key, (first?.value as object | undefined) ?? value, options);
        }
      })(inner),
  },
  {
    wrong: "reads the object when it is asked for it, not when it is put",
    caughtBy: [SNAPSHOT],
    make: (inner) =>
      new (class extends ModelStore {
        override async put(key: string, value: object, options?: ChangeOptions) {
          await Promise.resolve();
          return super.put(key, value, options);
        }
      })(inner),
  },
  {
    wrong: "puts whatever the revision",
    caughtBy: [COMPARES, ONE_WINS, SHARED],
    make: (inner) =>
      new (class extends ModelStore {
        override put(key: string, value: object, options: ChangeOptions = {}) {
          if ((options.revision ?? 0) < 0) return super.put(key, value, options);
          return super.put(key, value);
        }
      })(inner),
  },
  {
    wrong: "compares first and puts then",
    caughtBy: [ONE_WINS],
    make: (inner) =>
      new (class extends ModelStore {
        override async put(key: string, value: object, options: ChangeOptions = {}) {
          if (options.revision === undefined) return super.put(key, value);
          const there = (await this.inner.get(key))?.revision ?? 0;
          if (there !== options.revision) return super.put(key, value, options);
          await Promise.resolve();
          return super.put(key, JSON.parse(JSON.stringify(value)));
        }
      })(inner),
  },
  {
    wrong: "deletes whatever the revision",
    caughtBy: [DELETES],
    make: (inner) =>
      new (class extends ModelStore {
        override delete(key: string) {
          return super.delete(key);
        }
      })(inner),
  },
  {
    wrong: "deletes nothing",
    caughtBy: [DELETES, LISTS, WATCHES, BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override async delete(key: string, options?: ChangeOptions) {
          const there = await this.get(key);
          if (there === undefined || options?.revision !== undefined) await super.delete(key, options);
        }
      })(inner),
  },
  {
    wrong: "lists by letters, not by parts",
    caughtBy: [LISTS],
    make: (inner) =>
      new (class extends ModelStore {
        override async list(prefix: string) {
          const listed = await super.list(prefix);
          const more = await this.inner.list(`${prefix}2`);
          return { ...listed, documents: [...listed.documents, ...more.documents] };
        }
      })(inner),
  },
  {
    wrong: "takes any key",
    caughtBy: [KEYS],
    make: (inner) =>
      new (class extends ModelStore {
        override get(key: string) {
          return super.get(key.replace("a b", "a"));
        }
      })(inner),
  },
  {
    wrong: "takes documents of any size",
    caughtBy: [SIZES],
    make: (inner) =>
      new (class extends ModelStore {
        override put(key: string, value: { text?: string }, options?: ChangeOptions) {
          return super.put(key, (value?.text?.length ?? 0) > 65_525 ? {} : value, options);
        }
      })(inner),
  },
  {
    wrong: "tells a watch of changes only, not of what is there",
    caughtBy: [WATCHES, ONCE, ISOLATES, NO_JSON, SHARED, BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override watch(key: string, listener: DocumentListener) {
          let isFirst = true;
          return super.watch(key, {
            ...listener,
            onDocument: (document) => {
              const isHeard = !isFirst;
              isFirst = false;
              return isHeard && listener.onDocument(document);
            },
          });
        }
      })(inner),
  },
  {
    wrong: "does not tell a watch that a document has ended",
    caughtBy: [WATCHES, BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override watch(key: string, listener: DocumentListener) {
          let isFirst = true;
          return super.watch(key, {
            ...listener,
            onDocument: (document) => {
              const isHeard = document !== undefined || isFirst;
              isFirst = false;
              return isHeard && listener.onDocument(document);
            },
          });
        }
      })(inner),
  },
  {
    wrong: "tells a watch twice",
    caughtBy: [ONCE],
    make: (inner) =>
      new (class extends ModelStore {
        override watch(key: string, listener: DocumentListener) {
          return super.watch(key, {
            ...listener,
            onDocument: (document) => {
              const isTwice = (document?.value as { n?: number } | undefined)?.n === 2;
              return Promise.all((isTwice ? [1, 2] : [1]).map(() => listener.onDocument(document)));
            },
          });
        }
      })(inner),
  },
  {
    wrong: "goes on telling a watch that has ended",
    caughtBy: [ONCE],
    make: (inner) =>
      new (class extends ModelStore {
        override watch(key: string, listener: DocumentListener) {
          super.watch(key, listener);
          return { [Symbol.dispose]() {} };
        }
      })(inner),
  },
  {
    wrong: "ends all watches when a listener throws",
    caughtBy: [ISOLATES],
    make: (inner) =>
      new (class extends ModelStore {
        hasFailed = false;
        override watch(key: string, listener: DocumentListener) {
          return super.watch(key, {
            ...listener,
            onDocument: async (document) => {
              if (this.hasFailed) return;
              try {
                await listener.onDocument(document);
              } catch {
                this.hasFailed = true;
              }
            },
          });
        }
      })(inner),
  },
  {
    wrong: "takes what is no JSON for nothing",
    caughtBy: [NO_JSON],
    make: (inner) =>
      new (class extends ModelStore {
        override async get(key: string) {
          const found = await super.get(key);
          return found?.value === undefined ? undefined : found;
        }
      })(inner),
  },
  {
    wrong: "remembers what this pod has read until this pod changes it",
    caughtBy: [SNAPSHOT, NO_JSON, SHARED, BACK],
    make: (inner) =>
      new (class extends ModelStore {
        readonly known = new Map<string, ReturnType<ControlStore["get"]>>();
        override get(key: string) {
          const found = this.known.get(key) ?? super.get(key);
          this.known.set(key, found);
          return found;
        }
        override put(key: string, value: object, options?: ChangeOptions) {
          this.known.delete(key);
          return super.put(key, value, options);
        }
        override delete(key: string, options?: ChangeOptions) {
          this.known.delete(key);
          return super.delete(key, options);
        }
      })(inner),
  },
  {
    wrong: "does not look again when it is back",
    caughtBy: [BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override heal() {
          this.isCut = false;
        }
      })(inner),
  },
  {
    wrong: "tells a watch of each failure",
    caughtBy: [BACK],
    make: (inner) =>
      new (class extends ModelStore {
        override cut() {
          super.cut();
          super.cut();
        }
      })(inner),
  },
];
