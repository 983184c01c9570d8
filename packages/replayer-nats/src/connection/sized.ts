/** What is counted by its bytes as well. */
export interface Sized {
  readonly bytes: number;
}

/** A map that knows how many bytes its values come to. */
export class SizedMap<K, V extends Sized> extends Map<K, V> {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  override set(key: K, value: V): this {
    this.#bytes += value.bytes - (this.get(key)?.bytes ?? 0);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    this.#bytes -= this.get(key)?.bytes ?? 0;
    return super.delete(key);
  }

  override clear(): void {
    this.#bytes = 0;
    super.clear();
  }
}
