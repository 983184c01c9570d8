import { type Clock, type ControlReader, type DocumentListener, isHelixError } from "@helix/core";
import { checkKey, harmlessCallback } from "@helix/core/queue-kit";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { controlSubject, type Names } from "../topology/names.ts";
import { documentIn } from "./document-in.ts";

/** Between looks. A change is seen within a second. */
const LOOK_MS = 500;
/** Until the next look where there was a document and now is none: a replica that is behind may not have it yet. */
const LOOK_AGAIN_MS = 50;
/** Between looks for want of a right: each is a line in the server's log. */
const FORBIDDEN_MS = 60_000;

export interface ControlWatchesOptions {
  readonly link: Link;
  readonly admin: Admin;
  readonly names: Names;
  readonly clock: Clock;
  /** The servers are there, and nobody answers for the bucket: it may be gone. */
  readonly onMissing?: (() => void) | undefined;
}

interface Listener {
  /** It has been told the last state, and of no failure since. */
  isCurrent: boolean;
  hasFailed: boolean;
  readonly onDocument: (message: StoredMessage | undefined) => void;
  readonly onFailure: (error: unknown, lasts: boolean) => void;
}

/** A key, what is known of it, and who wants to know. */
interface Watch {
  readonly listeners: Set<Listener>;
  /** Null: it has not been read yet. */
  last: StoredMessage | undefined | null;
  /** It was there, and once was not found. */
  isDoubtful: boolean;
}

/**
 * Watches documents by looking at each twice a second: one request, which a right can confine to a key, needs no subscription,
 * passes borders of accounts, and misses nothing for good, whatever becomes of connection, servers and bucket. What is asked is
 * any replica, so what it has is not believed when it is older than what is known.
 *
 * States: idle → (a watch) looking ⇄ waiting for the next look → idle, when nobody watches; down while the link is.
 */
export class ControlWatches implements ControlReader {
  readonly #options: ControlWatchesOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #stopListening: () => void;
  #cancelTimer: (() => void) | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(options: ControlWatchesOptions) {
    const { link } = options;
    this.#options = options;
    this.#stopListening = link.listen({
      onChange: (isUp) => {
        if (isUp) return this.#lookIn(0);
        for (const watch of this.#watches.values()) fail(watch, link.unavailable(), false);
      },
    });
  }

  watch(key: string, { onDocument, onFailure }: DocumentListener): Disposable {
    checkKey(key);
    const { link } = this.#options;
    const watch = this.#watches.get(key) ?? { listeners: new Set(), last: null, isDoubtful: false };
    const tell = harmlessCallback(onDocument);
    const listener: Listener = {
      isCurrent: false,
      hasFailed: false,
      onDocument: (message) => tell(message && documentIn(key, message)),
      onFailure: harmlessCallback(onFailure ?? (() => {})),
    };
    this.#watches.set(key, watch);
    watch.listeners.add(listener);
    // Not from within the call, as with everything that is told.
    this.#lookIn(0);
    if (!link.isUp) queueMicrotask(() => link.isUp || fail(watch, link.unavailable(), false));
    return {
      [Symbol.dispose]: () => {
        watch.listeners.delete(listener);
        if (watch.listeners.size === 0 && this.#watches.get(key) === watch) this.#watches.delete(key);
      },
    };
  }

  /** Tells nobody anything from now on. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#cancelTimer?.();
    this.#watches.clear();
  }

  #lookIn(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#isClosed
      ? undefined
      : this.#options.clock.setTimer(() => {
          this.#cancelTimer = undefined;
          void this.#look();
        }, delayMs);
  }

  async #look(): Promise<void> {
    const { link } = this.#options;
    if (this.#isLooking || !link.isUp || this.#watches.size === 0) return;
    this.#isLooking = true;
    const delays = await Promise.all([...this.#watches].map(([key, watch]) => this.#lookAt(key, watch)));
    this.#isLooking = false;
    // Who came meanwhile is next.
    const isNew = [...this.#watches.values()].some(({ last }) => last === null);
    if (this.#cancelTimer === undefined) this.#lookIn(isNew ? LOOK_AGAIN_MS : Math.min(...delays));
  }

  /** Resolves with after how long it is to be looked at again. Never rejects. */
  async #lookAt(key: string, watch: Watch): Promise<number> {
    const { admin, names, link, onMissing } = this.#options;
    try {
      const found = await admin.lastDirect(names.controlStream, controlSubject(names, key));
      if (this.#isClosed) return LOOK_MS;
      const wasThere = watch.last !== null && watch.last !== undefined;
      if (found === undefined && wasThere && !watch.isDoubtful) {
        watch.isDoubtful = true;
        return LOOK_AGAIN_MS;
      }
      watch.isDoubtful = false;
      if (isNews(found, watch.last)) {
        watch.last = found;
        for (const listener of watch.listeners) listener.isCurrent = false;
      }
      tell(watch);
      return LOOK_MS;
    } catch (error) {
      if (this.#isClosed) return LOOK_MS;
      const lasts = isHelixError(error, "HELIX_QUEUE_UNAUTHORIZED");
      fail(watch, error, lasts);
      if (link.isUp && isHelixError(error, "HELIX_QUEUE_UNAVAILABLE")) onMissing?.();
      return lasts ? FORBIDDEN_MS : LOOK_MS;
    }
  }
}

/** Whoever has not been told what is known by now. */
function tell({ listeners, last }: Watch): void {
  for (const listener of [...listeners]) {
    if (listener.isCurrent || last === null) continue;
    listener.isCurrent = true;
    listener.hasFailed = false;
    listener.onDocument(last);
  }
}

function fail({ listeners }: Watch, error: unknown, lasts: boolean): void {
  for (const listener of [...listeners]) {
    listener.isCurrent = false;
    if (listener.hasFailed) continue;
    listener.hasFailed = true;
    listener.onFailure(error, lasts);
  }
}

/**
 * Of a bucket that was made again the places begin anew, and are later; what a replica has that is behind is earlier, in place
 * and time.
 */
function isNews(found: StoredMessage | undefined, known: StoredMessage | undefined | null): boolean {
  if (found === undefined || known == null) return found !== known;
  return found.seq > known.seq || found.storedAtMs > known.storedAtMs;
}
