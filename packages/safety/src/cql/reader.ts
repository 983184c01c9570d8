import { CAPITAL, classOf, isDigit, isLetter, isOfName } from "./characters.ts";
import { isCalendar, isoDurationEnd, type Literal, numberAt, uuidAt } from "./literals.ts";
import { blankEnd, dollarsEnd, quoteEnd } from "./skip.ts";
import type { Call, Marker, Name, Span, TableName } from "./syntax.ts";
import { Unreadable } from "./unreadable.ts";
import { type Keyword, mixed, wordAt } from "./words.ts";

const SYMBOLS = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ";",
  ":",
  ".",
  "=",
  "<",
  ">",
  "+",
  "-",
  "*",
  "/",
  "%",
  "?",
] as const;

export type TokenKind =
  | "end"
  /** A name that is no word of the grammar. */
  | "word"
  /** `"…"` */
  | "quoted"
  /** `'…'` or `$$…$$` */
  | "text"
  | "boolean"
  | Exclude<Literal["kind"], "broken">
  | Keyword
  | (typeof SYMBOLS)[number]
  | "<="
  | ">="
  | "!="
  | "+="
  | "-=";

const symbolOf: (TokenKind | undefined)[] = new Array(128).fill(undefined);
for (const symbol of SYMBOLS) symbolOf[symbol.charCodeAt(0)] = symbol;

/** As deep as values, types and parentheses may nest: beyond it, and not by a full stack, a text is refused. */
const MAX_DEPTH = 200;

const QUOTE = 39;
const OPEN = 40;
const DOUBLE_QUOTE = 34;
const DOLLAR = 36;
const MINUS = 45;
const EQUALS = 61;
const CAPITAL_P = 80;
const CAPITAL_T = 84;

const PAIRS: Readonly<Record<number, TokenKind>> = { 60: "<=", 62: ">=", 33: "!=", 43: "+=" };
/** By their first letter: what a minus before it makes one token with. */
const NEGATIVE: Readonly<Record<number, string>> = { 110: "nan", 105: "infinity" };

/**
 * Goes through a text token by token, as Cassandra's lexer does (Lexer.g), and collects what the parser meets: markers, calls, tables.
 * The first token is there after the first `next`.
 * The current token is `kind`, from `at` to `end`. Each character is looked at a bounded number of times.
 */
export class Reader {
  readonly text: string;
  kind: TokenKind = "end";
  at = 0;
  end = 0;
  /** May be a name of a column, table, field or marker. */
  isName = false;
  /** Where the token before ended. */
  lastEnd = 0;
  readonly markers: Marker[] = [];
  readonly calls: Call[] = [];
  readonly tables: TableName[] = [];
  /** How many lists, sets and maps are around the current token. */
  collections = 0;
  #hasCapitals = false;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The name that the current token is, as the server has it. */
  get name(): string {
    if (this.kind === "quoted") {
      const name = this.text.slice(this.at + 1, this.end - 1);
      return name.includes('"') ? name.replaceAll('""', '"') : name;
    }
    return this.word;
  }

  /** The token as it stands there, but in lower case. */
  get word(): string {
    const word = this.text.slice(this.at, this.end);
    return this.#hasCapitals ? word.toLowerCase() : word;
  }

  /** The text that the current token is, without its quotes. */
  get value(): string {
    if (this.text.charCodeAt(this.at) === DOLLAR) return this.text.slice(this.at + 2, this.end - 2);
    const value = this.text.slice(this.at + 1, this.end - 1);
    return value.includes("'") ? value.replaceAll("''", "'") : value;
  }

  /** Takes the token if it is of that kind. */
  take(kind: TokenKind): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  expect(kind: TokenKind): void {
    if (!this.take(kind)) this.fail(`\`${kind}\``);
  }

  /** Takes the name of a table, field or marker. */
  takeName(what: string): Name {
    if (this.kind === "quoted" && this.end - this.at === 2) this.fail(what);
    return this.takeColumn(what);
  }

  /** Takes the name of a column: it may be empty, `""`. */
  takeColumn(what = "the name of a column"): Name {
    if (!this.isName) this.fail(what);
    const name = { name: this.name, at: this.at, end: this.end };
    this.next();
    return name;
  }

  /** Takes the name of a function. */
  takeFunction(): Name {
    if (this.kind !== "TOKEN") return this.takeName("the name of a function");
    this.next();
    return { name: "token", at: this.lastEnd - 5, end: this.lastEnd };
  }

  fail(expected: string): never {
    throw new Unreadable(this.at, `Expected ${expected}, but ${this.#found()} stands here.`);
  }

  /** From there to the end of the token before the current one. */
  since(at: number): Span {
    return { at, end: this.lastEnd };
  }

  deeper(): void {
    if (++this.#depth > MAX_DEPTH) throw new Unreadable(this.at, `It nests deeper than ${MAX_DEPTH}.`);
  }

  shallower(levels = 1): void {
    this.#depth -= levels;
  }

  /** What a look at the next tokens finds; the reader stays where it is. The look may pass a fixed number of tokens only. */
  sees(look: (reader: Reader) => boolean): boolean {
    const { kind, at, end, lastEnd, isName } = this;
    const hasCapitals = this.#hasCapitals;
    const found = look(this);
    this.kind = kind;
    this.at = at;
    this.end = end;
    this.lastEnd = lastEnd;
    this.isName = isName;
    this.#hasCapitals = hasCapitals;
    return found;
  }

  next(): void {
    const { text } = this;
    this.lastEnd = this.end;
    const at = blankEnd(text, this.end);
    this.at = at;
    this.isName = false;
    if (at >= text.length) {
      this.end = at;
      this.kind = "end";
      return;
    }
    const code = text.charCodeAt(at);
    if (isLetter(code)) {
      this.#word(at, code);
    } else if (isDigit(code)) {
      this.#literal(numberAt(text, at));
    } else if (code === QUOTE) {
      this.#end("text", quoteEnd(text, at, "'"));
    } else if (code === DOUBLE_QUOTE) {
      this.#end("quoted", quoteEnd(text, at, '"'));
      this.isName = true;
    } else if (code === DOLLAR) {
      this.#end("text", dollarsEnd(text, at));
    } else if (code === MINUS) {
      this.#minus(at);
    } else {
      this.#symbol(at, code);
    }
  }

  #end(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.end = end;
  }

  #literal(literal: Literal): void {
    if (literal.kind === "broken") throw new Unreadable(this.at, "The literal that begins here breaks off.");
    this.#end(literal.kind, literal.end);
  }

  #word(at: number, first: number): void {
    const { text } = this;
    let end = at;
    let hash = 0;
    let classes = 0;
    for (let code = first; isOfName(code); code = text.charCodeAt(++end)) {
      hash = mixed(hash, code);
      classes |= classOf(code);
    }
    const uuid = uuidAt(text, at, end);
    if (uuid !== undefined) {
      this.#literal(uuid);
      return;
    }
    if (first === CAPITAL_P && this.#isDuration(at, end)) return;
    // In these letters the server has it as one token, which begins a search in an index of one's own.
    if (text.charCodeAt(end) === OPEN && end - at === 4 && text.startsWith("expr", at)) {
      throw new Unreadable(at, "No server takes `expr(` in a write.");
    }
    const word = wordAt(text, at, end, hash);
    this.kind = word === undefined ? "word" : word.kind;
    this.isName = word === undefined || word.isName;
    this.end = end;
    this.#hasCapitals = (classes & CAPITAL) !== 0;
  }

  /** A word that is a duration as a whole; or `P0001-…`, which begins one for the server, whatever follows. */
  #isDuration(at: number, end: number): boolean {
    const second = this.text.charCodeAt(at + 1);
    if (second !== CAPITAL_T && !isDigit(second)) return false;
    const duration = isoDurationEnd(this.text, at);
    if (duration !== end && !isCalendar(this.text, at)) return false;
    this.#literal({ kind: duration < 0 ? "broken" : "duration", end: duration });
    return true;
  }

  /** A minus belongs to a number, a duration, NaN or Infinity that follows at once. */
  #minus(at: number): void {
    const { text } = this;
    const code = text.charCodeAt(at + 1);
    if (isDigit(code)) {
      this.#literal(numberAt(text, at));
    } else if (code === EQUALS) {
      this.#end("-=", at + 2);
    } else if (code === CAPITAL_P) {
      const end = isoDurationEnd(text, at + 1);
      this.#literal({ kind: end < 0 ? "broken" : "duration", end });
    } else {
      const word = NEGATIVE[code | 32];
      if (word === undefined) this.#end("-", at + 1);
      else this.#notFinite(at + 1, word);
    }
  }

  #notFinite(at: number, word: string): void {
    const end = at + word.length;
    const isIt = this.text.slice(at, end).toLowerCase() === word;
    this.#literal({ kind: isIt ? "float" : "broken", end });
  }

  #symbol(at: number, code: number): void {
    const pair = this.text.charCodeAt(at + 1) === EQUALS ? PAIRS[code] : undefined;
    const kind = pair ?? symbolOf[code];
    if (kind === undefined) throw new Unreadable(at, "This character means nothing outside quotes.");
    this.#end(kind, pair === undefined ? at + 1 : at + 2);
  }

  #found(): string {
    switch (this.kind) {
      case "end":
        return "the end";
      case "text":
      case "boolean":
      case "integer":
      case "float":
      case "uuid":
      case "blob":
      case "duration":
        return "a literal";
      case "word":
      case "quoted":
        return "a name";
      default:
        return `\`${this.kind}\``;
    }
  }
}
