import type { ChangeOptions, ControlStore, DocumentListener } from "@helix/core";

/** A store in memory that can be cut off, shared, and given bytes: what a real one does over a network. */
export class ModelStore implements ControlStore {
  readonly inner: ControlStore;
  readonly bytes = new Map<string, number>();
  readonly listeners = new Set<{ listener: DocumentListener; told: unknown; tell: () => void }>();
  isCut = false;

  constructor(inner: ControlStore) {
    this.inner = inner;
  }

  async get(key: string) {
    const found = await this.inner.get(key);
    return found && { ...found, value: this.bytes.get(key) === found.revision ? undefined : found.value };
  }

  put(key: string, value: object, options?: ChangeOptions) {
    return this.inner.put(key, value, options);
  }

  delete(key: string, options?: ChangeOptions) {
    return this.inner.delete(key, options);
  }

  list(prefix: string) {
    return this.inner.list(prefix);
  }

  watch(key: string, listener: DocumentListener): Disposable {
    let isTold = false;
    const state: { last?: unknown } = {};
    const tell = async () => {
      const found = await this.get(key);
      if (this.isCut || !this.listeners.has(entry)) return;
      if (isTold && state.last === found?.revision) return;
      isTold = true;
      state.last = found?.revision;
      await listener.onDocument(found);
    };
    const entry = { listener, told: undefined, tell: () => void tell().catch(() => {}) };
    this.listeners.add(entry);
    const inner = this.inner.watch(key, { onDocument: entry.tell });
    return {
      [Symbol.dispose]: () => {
        this.listeners.delete(entry);
        inner[Symbol.dispose]();
      },
    };
  }

  cut(): void {
    this.isCut = true;
    for (const { listener } of this.listeners) listener.onFailure?.(new Error("away"), false);
  }

  heal(): void {
    this.isCut = false;
    for (const { tell } of this.listeners) tell();
  }
}
