const MAX_TEXTS = 1000;
/** Characters of all texts together: a thousand could be a megabyte each. */
const MAX_LENGTH = 4_000_000;

/**
 * What was found out about statements, by their text. Applications have few distinct ones; one that inlines literals
 * must not fill the memory: what is too much forgets all that was there before.
 */
export class TextCache<T> {
  readonly #find: (text: string) => T;
  readonly #found = new Map<string, T>();
  #length = 0;

  constructor(find: (text: string) => T) {
    this.#find = find;
  }

  /** Characters of the texts that it keeps. */
  get length(): number {
    return this.#length;
  }

  get(text: string): T {
    const known = this.#found.get(text);
    if (known !== undefined || this.#found.has(text)) return known as T;
    const found = this.#find(text);
    if (this.#found.size >= MAX_TEXTS || this.#length + text.length > MAX_LENGTH) {
      this.#found.clear();
      this.#length = 0;
    }
    this.#found.set(text, found);
    this.#length += text.length;
    return found;
  }
}
