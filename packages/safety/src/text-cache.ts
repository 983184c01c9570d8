const MAX_TEXTS = 1000;
/** Characters of all texts together; what is found out about one may take thirty times its room. */
const MAX_LENGTH = 1_000_000;

/**
 * What was found out about statements, by their text. Applications have few distinct ones; one that inlines literals
 * must not fill the memory: what is too much forgets all that was there before, and a text that is too long is not kept at all.
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
    if (known !== undefined) return known;
    const found = this.#find(text);
    if (text.length <= MAX_LENGTH) this.#keep(text, found);
    return found;
  }

  #keep(text: string, found: T): void {
    if (this.#found.size >= MAX_TEXTS || this.#length + text.length > MAX_LENGTH) {
      this.#found.clear();
      this.#length = 0;
    }
    this.#found.set(text, found);
    this.#length += text.length;
  }
}
