import {
  type ChangeOptions,
  type Clock,
  type ControlDocument,
  type ControlListing,
  type ControlStore,
  type DocumentListener,
  systemClock,
} from "@helix/core";
import {
  checkKey,
  checkRevision,
  controlConflict,
  decodeDocument,
  encodeDocument,
  harmlessCallback,
  isUnder,
} from "@helix/core/queue-kit";

interface Stored {
  readonly revision: number;
  readonly storedAtMs: number;
  readonly bytes: Uint8Array;
}

/** A control store of one process, which ends with it. */
export class MemoryControlStore implements ControlStore {
  readonly #clock: Clock;
  readonly #documents = new Map<string, Stored>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #revision = 0;

  /** @param clock Dates what is stored. */
  constructor({ clock = systemClock }: { readonly clock?: Clock | undefined } = {}) {
    this.#clock = clock;
  }

  async get(key: string): Promise<ControlDocument | undefined> {
    checkKey(key);
    return this.#read(key);
  }

  async put(key: string, value: object, { revision }: ChangeOptions = {}): Promise<number> {
    checkKey(key);
    const bytes = encodeDocument(key, value);
    this.#compare(key, revision);
    this.#documents.set(key, { revision: ++this.#revision, storedAtMs: this.#clock.wallMs(), bytes });
    this.#changed(key);
    return this.#revision;
  }

  async delete(key: string, { revision }: ChangeOptions = {}): Promise<void> {
    checkKey(key);
    this.#compare(key, revision);
    if (this.#documents.delete(key)) this.#changed(key);
  }

  async list(prefix: string): Promise<ControlListing> {
    checkKey(prefix);
    const keys = [...this.#documents.keys()].filter((key) => isUnder(prefix, key)).sort();
    const documents = keys.map((key) => this.#read(key) as ControlDocument);
    return { documents, nowMs: this.#clock.wallMs() };
  }

  watch(key: string, { onDocument }: DocumentListener): Disposable {
    checkKey(key);
    const tell = harmlessCallback(onDocument);
    let told: number | undefined;
    const look = () => {
      const document = this.#read(key);
      const revision = document?.revision ?? 0;
      if (!watchers.has(changed) || revision === told) return;
      told = revision;
      tell(document);
    };
    // Later, so that who changes something does not hear of it before the change is made.
    const changed = () => queueMicrotask(look);
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(changed));
    changed();
    return { [Symbol.dispose]: () => void watchers.delete(changed) };
  }

  #read(key: string): ControlDocument | undefined {
    const stored = this.#documents.get(key);
    if (stored === undefined) return undefined;
    const { revision, storedAtMs, bytes } = stored;
    return { key, revision, storedAtMs, value: decodeDocument(bytes) };
  }

  #compare(key: string, revision: number | undefined): void {
    checkRevision(revision);
    if (revision === undefined || revision === (this.#documents.get(key)?.revision ?? 0)) return;
    throw controlConflict(key, revision);
  }

  #changed(key: string): void {
    for (const changed of this.#watchers.get(key) ?? []) changed();
  }
}
