import type {
  ChangeOptions,
  Clock,
  ControlDocument,
  ControlListing,
  ControlStore,
  DocumentListener,
} from "@helix/core";
import { checkKey, checkRevision, controlConflict, encodeDocument } from "@helix/core/queue-kit";
import type { Admin } from "../connection/admin.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type Publisher, PublishFailure } from "../connection/publisher.ts";
import { controlSubject, type Names } from "../topology/names.ts";
import type { ControlWatches } from "./control-watches.ts";
import { documentIn, OPERATION } from "./document-in.ts";

const NO_DATA = new Uint8Array();
/** So many documents of a list are read at once. */
const AT_ONCE = 64;

export interface NatsControlStoreOptions {
  readonly admin: Admin;
  readonly publisher: Publisher;
  readonly watches: ControlWatches;
  readonly names: Names;
  readonly clock: Clock;
  /** Told of what fails, since the bucket may be gone. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/**
 * Documents in a key-value bucket beside the queue: the last message of a subject is the document, its place in the stream the
 * revision. What is read and compared is what the leader has. Rejects with HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_UNAUTHORIZED,
 * HELIX_QUEUE_REFUSED, and HELIX_QUEUE_TIMEOUT where a change may have been made all the same.
 */
export class NatsControlStore implements ControlStore {
  readonly #options: NatsControlStoreOptions;
  #warning: string | undefined;

  constructor(options: NatsControlStoreOptions) {
    this.#options = options;
  }

  /** What somebody has to look after: the last document was not stored, for want of room or without an answer. */
  get warning(): string | undefined {
    return this.#warning;
  }

  async get(key: string): Promise<ControlDocument | undefined> {
    checkKey(key);
    const { admin, names } = this.#options;
    const last_by_subj = controlSubject(names, key);
    const found = await this.#told(admin.message(names.controlStream, { last_by_subj }));
    return found && documentIn(key, found);
  }

  async put(key: string, value: object, { revision }: ChangeOptions = {}): Promise<number> {
    checkKey(key);
    checkRevision(revision);
    return this.#store(key, {}, encodeDocument(key, value), revision);
  }

  async delete(key: string, { revision }: ChangeOptions = {}): Promise<void> {
    checkKey(key);
    checkRevision(revision);
    if (revision === undefined) return this.#purge(key);
    const marked = await this.#store(key, { [OPERATION]: "DEL" }, NO_DATA, revision);
    // The mark says the same as nothing: it may stay.
    await this.#purge(key, marked + 1).catch(() => {});
  }

  async list(prefix: string): Promise<ControlListing> {
    checkKey(prefix);
    const { admin, names, clock } = this.#options;
    const filter = { subjects_filter: controlSubject(names, `${prefix}.>`) };
    const info = await this.#told(admin.request((api) => api.streams.info(names.controlStream, filter)));
    const start = controlSubject(names, "").length;
    const keys = Object.keys(info.state.subjects ?? {}).map((subject) => subject.slice(start));
    const found: (ControlDocument | undefined)[] = [];
    for (let rest = keys.filter(isKey).sort(); rest.length > 0; rest = rest.slice(AT_ONCE)) {
      found.push(...(await Promise.all(rest.slice(0, AT_ONCE).map((key) => this.get(key)))));
    }
    return {
      documents: found.filter((document) => document !== undefined),
      nowMs: info.ts === undefined ? clock.wallMs() : Date.parse(info.ts),
    };
  }

  watch(key: string, listener: DocumentListener): Disposable {
    return this.#options.watches.watch(key, listener);
  }

  async #store(
    key: string,
    headers: Readonly<Record<string, string>>,
    data: Uint8Array,
    revision: number | undefined,
  ): Promise<number> {
    const { publisher, names } = this.#options;
    const expected = revision !== undefined && { "Nats-Expected-Last-Subject-Sequence": String(revision) };
    try {
      const block = headerBlock({ ...headers, ...expected });
      const { seq } = await this.#told(publisher.publish(controlSubject(names, key), block, data));
      this.#warning = undefined;
      return seq;
    } catch (error) {
      if (!(error instanceof PublishFailure)) throw error;
      if (error.meaning === "full" || error.kind === "timeout")
        this.#warning = `NATS stores nothing now: ${error.message}`;
      if (error.meaning === "conflict" && revision !== undefined) throw controlConflict(key, revision);
      const what = error.stored === "maybe" ? "is perhaps stored, and perhaps not" : "was not stored";
      throw refusalOfPublish(`The document \`${key}\` ${what}`, error, publisher.timeoutMs);
    }
  }

  async #purge(key: string, seq?: number): Promise<void> {
    const { admin, names } = this.#options;
    const filter = controlSubject(names, key);
    const options = seq === undefined ? { filter } : { filter, seq };
    await this.#told(admin.request((api) => api.streams.purge(names.controlStream, options)));
  }

  async #told<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      this.#options.onFailure?.(error);
      throw error;
    }
  }
}

/** Whoever may publish can store under any subject. */
function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
}
