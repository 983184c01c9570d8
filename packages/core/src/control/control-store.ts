/** One small document, as it lies in the store. */
export interface ControlDocument {
  readonly key: string;
  /** Another one with each change of the key, and greater; what compare-and-set compares. At least 1. */
  readonly revision: number;
  /** When it was stored, by the store's clock. Milliseconds since 1970. */
  readonly storedAtMs: number;
  /** What whoever could write has put there, as JSON; undefined for what is none. It is read by a schema, not believed. */
  readonly value: unknown;
}

export interface ControlListing {
  readonly documents: readonly ControlDocument[];
  /** The store's clock at this moment, by which ages of documents are counted. Milliseconds since 1970. */
  readonly nowMs: number;
}

export interface ChangeOptions {
  /**
   * Only if the key is at this revision; 0: only if there is no document. Otherwise it rejects with HELIX_CONTROL_CONFLICT, and
   * nothing has changed. @default whatever is there
   */
  readonly revision?: number | undefined;
}

export interface DocumentListener {
  /**
   * The last state of the key: as soon as it is known, and after each change; undefined: there is no document. Of several changes
   * within a second or so only the last may be told.
   */
  readonly onDocument: (document: ControlDocument | undefined) => unknown;
  /**
   * It cannot be read. What was told last is all that is known until `onDocument` is called. Told once for all failures until
   * then. `lasts`: waiting does not help, a right is missing. @default none
   */
  readonly onFailure?: ((error: unknown, lasts: boolean) => unknown) | undefined;
}

/** All that an application needs of it. */
export interface ControlReader {
  /**
   * Tells the state of a key, from now until it is disposed of. What happens while the store is away is told when it is back:
   * not each change, but always the last state. A change is seen within a second. A listener that throws changes nothing.
   *
   * @throws TypeError for what is no key.
   */
  watch(key: string, listener: DocumentListener): Disposable;
}

/**
 * Small documents that pods, clients and people agree on: gates, rates, jobs, heartbeats. A key is one to four parts of letters, digits, `_`
 * and `-`, joined by dots, each of 64 at the most; a document is an object of JSON, of 65,536 bytes at the most.
 *
 * Each method rejects or throws with a TypeError or RangeError for a key or document that cannot be, and rejects where the store
 * cannot answer; then a change may have been made all the same.
 */
export interface ControlStore extends ControlReader {
  /** Resolves with the last document that was stored; undefined if there is none. */
  get(key: string): Promise<ControlDocument | undefined>;
  /** Stores it. Resolves with its revision when it is as safe as the store makes it. Rejects with HELIX_CONTROL_CONFLICT. */
  put(key: string, value: object, options?: ChangeOptions): Promise<number>;
  /** Afterwards there is no document; where there was none, nothing happens. Rejects with HELIX_CONTROL_CONFLICT. */
  delete(key: string, options?: ChangeOptions): Promise<void>;
  /** Those whose keys begin with these parts: `jobs` finds `jobs.1`, and neither `jobs` nor `jobs2.1`. In the order of their keys. */
  list(prefix: string): Promise<ControlListing>;
}
