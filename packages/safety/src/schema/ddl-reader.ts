import { parseType } from "../cql/parse-type.ts";
import { Reader } from "../cql/reader.ts";
import { Unreadable } from "../cql/unreadable.ts";
import type { CqlType } from "./cql-type.ts";

/** A name with, or without, its keyspace. */
export interface QualifiedName {
  readonly keyspace: string | undefined;
  readonly name: string;
}

/** Goes through CREATE statements, whose words the reader of writes does not know all. */
export class DdlReader {
  readonly #reader: Reader;

  /** @throws Unreadable as all that reads on. */
  constructor(text: string) {
    this.#reader = new Reader(text);
    this.#reader.next();
  }

  /** Where the current token begins. */
  get at(): number {
    return this.#reader.at;
  }

  get isAtEnd(): boolean {
    return this.#reader.kind === "end";
  }

  /** The current token: in lower case, unless it is quoted. */
  get word(): string {
    const { text, at, end, kind } = this.#reader;
    const token = text.slice(at, end);
    return kind === "quoted" || kind === "text" ? token : token.toLowerCase();
  }

  get isText(): boolean {
    return this.#reader.kind === "text";
  }

  /** The text that the current token is, without its quotes. */
  get value(): string {
    return this.#reader.value;
  }

  next(): void {
    if (this.isAtEnd) this.fail("more");
    this.#reader.next();
  }

  /** Takes these words, if all of them stand here; the first decides, and the others have to follow. */
  take(...words: readonly string[]): boolean {
    const [first, ...others] = words;
    if (this.word !== first) return false;
    this.next();
    for (const word of others) this.expect(word);
    return true;
  }

  expect(word: string): void {
    if (!this.take(word)) this.fail(`\`${word}\``);
  }

  takeName(): string {
    const name = this.#reader.isName ? this.#reader.name : this.fail("a name");
    this.next();
    return name;
  }

  takeQualifiedName(): QualifiedName {
    const name = this.takeName();
    return this.take(".") ? { keyspace: name, name: this.takeName() } : { keyspace: undefined, name };
  }

  takeType(): CqlType {
    return parseType(this.#reader);
  }

  takeInParentheses(take: () => void): void {
    this.expect("(");
    do take();
    while (this.take(","));
    this.expect(")");
  }

  /** Goes on to the first of these words that is in no parentheses, or to the end. */
  skipTo(...words: readonly string[]): void {
    for (let depth = 0; !this.isAtEnd && (depth > 0 || !words.includes(this.word)); this.next()) {
      if (OPENING.has(this.word)) depth++;
      if (CLOSING.has(this.word)) depth--;
    }
  }

  fail(expected: string): never {
    throw new Unreadable(this.at, `Expected ${expected}.`);
  }
}

const OPENING = new Set(["(", "{", "["]);
const CLOSING = new Set([")", "}", "]"]);
