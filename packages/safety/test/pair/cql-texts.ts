/** What the generated texts are about. */
export const LEXER_SCHEMA = [
  "CREATE TYPE IF NOT EXISTS address (street text, zip int)",
  `CREATE TABLE IF NOT EXISTS t (
    k int, c int, v text, n int, d double, b blob, u uuid, tu timeuuid, ts timestamp, du duration, ip inet,
    l list<text>, s set<text>, m map<text, int>, a address, fl frozen<list<int>>, tp tuple<int, text>,
    ttl int, json text, "if" text, "Q ""x""" text, st text static, PRIMARY KEY (k, c))`,
  `CREATE TABLE IF NOT EXISTS "T" ("K" int PRIMARY KEY, "IF" text)`,
  "CREATE TABLE IF NOT EXISTS counters (k int PRIMARY KEY, n counter)",
] as const;

/** Statements of all shapes, and what a hand or a bad program makes of them, by a generator of numbers. */
export class CqlTexts {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A text that the server mostly takes. */
  statement(): string {
    return this.#written(this.#chance(0.12) ? this.#batch() : this.#single());
  }

  /** The text with something put in, taken out or exchanged, once or a few times. */
  mutated(text: string): string {
    let result = text;
    for (let left = 1 + this.#below(3); left > 0; left--) result = this.#mutatedOnce(result);
    return result;
  }

  #mutatedOnce(text: string): string {
    const at = this.#below(text.length + 1);
    const end = Math.min(text.length, at + 1 + this.#below(this.#chance(0.2) ? 20 : 2));
    const rest = text.slice(end);
    const before = text.slice(0, at);
    return this.#pick([
      () => before + this.#pick(FRAGMENTS) + text.slice(at),
      () => before + this.#pick(FRAGMENTS) + text.slice(at),
      () => before + rest,
      () => before + this.#pick(FRAGMENTS) + rest,
      () => before + rest.slice(0, 8) + text.slice(at, end) + rest.slice(8),
      () => before + text.slice(at, end).toUpperCase() + rest,
      () => before + String.fromCharCode(this.#below(this.#chance(0.8) ? 128 : 0x3000)) + text.slice(at),
      () => text.replaceAll(" ", this.#pick(SEPARATORS)),
      () => text + this.#pick(FRAGMENTS),
    ])();
  }

  /** The lexemes as a text: words in any case, anything between them that may be there, nothing where it may not. */
  #written(lexemes: readonly string[]): string {
    const isPlain = this.#chance(0.3);
    let text = isPlain ? "" : this.#pick(["", "", ...SEPARATORS]);
    for (const lexeme of lexemes) {
      const separator = isPlain ? " " : this.#separator(text, lexeme);
      text += separator + (isPlain ? lexeme : this.#inAnyCase(lexeme));
    }
    return text + this.#pick(["", "", "", ";", " ; ;", " -- end\n", "/* end */", " // IF EXISTS\r"]);
  }

  #separator(text: string, next: string): string {
    const last = text.at(-1) ?? "";
    // Sometimes where it has to be as well: a number ends where it must.
    const mayBeNone = !(isOfWord(last) && isOfWord(next.charAt(0))) || this.#chance(0.05);
    if (mayBeNone && this.#chance(0.4)) return "";
    return this.#chance(0.8) ? " " : this.#pick(SEPARATORS);
  }

  #inAnyCase(lexeme: string): string {
    if (!isWord(lexeme) || this.#chance(0.7)) return lexeme;
    return [...lexeme].map((char) => (this.#chance(0.5) ? char.toUpperCase() : char.toLowerCase())).join("");
  }

  #single(): string[] {
    const shape = this.#below(20);
    if (shape === 0) return this.#select();
    if (shape === 1)
      return this.#pick([
        ["TRUNCATE", "t"],
        ["TRUNCATE", "TABLE", "counters"],
        ["USE", "lexer"],
      ]);
    if (shape === 2) return this.#counter();
    if (shape === 3) return this.#otherTable();
    return this.#member(true);
  }

  #member(mayHaveCondition: boolean): string[] {
    const condition = mayHaveCondition && this.#chance(0.2);
    return this.#pick([
      () => this.#insert(condition),
      () => this.#update(condition),
      () => this.#delete(condition),
    ])();
  }

  #insert(isConditional: boolean): string[] {
    const condition = isConditional ? ["IF", "NOT", "EXISTS"] : [];
    const using = this.#using(!isConditional);
    if (this.#chance(0.1)) {
      const json = this.#pick([`'{"k": 1, "c": 2, "v": "IF"}'`, `$$\{"k": 1, "c": 2}$$`, "?", ":json"]);
      const fill = this.#pick([[], ["DEFAULT", "NULL"], ["DEFAULT", "UNSET"]]);
      return ["INSERT", "INTO", ...this.#table(), "JSON", json, ...fill, ...condition, ...using];
    }
    const columns = this.#columns();
    const names = ["k", "c", ...columns.map(([name]) => name)];
    const values = [
      ...this.#int(),
      ",",
      ...this.#int(),
      ...columns.flatMap(([, type]) => [",", ...this.#value(type)]),
    ];
    return [
      ...["INSERT", "INTO", ...this.#table(), "("],
      ...names.flatMap((name, index) => (index === 0 ? [name] : [",", name])),
      ...[")", "VALUES", "(", ...values, ")", ...condition, ...using],
    ];
  }

  #update(isConditional: boolean): string[] {
    const columns = this.#columns(1);
    const assignments = columns.flatMap(([name, type], index) => [
      ...(index === 0 ? [] : [","]),
      ...this.#assignment(name, type),
    ]);
    return [
      ...[
        "UPDATE",
        ...this.#table(),
        ...this.#using(!isConditional),
        "SET",
        ...assignments,
        ...this.#where(),
      ],
      ...(isConditional ? this.#condition() : []),
    ];
  }

  #delete(isConditional: boolean): string[] {
    const targets = this.#pick([
      [],
      [],
      ["v"],
      ["s", "[", "'x'", "]"],
      ["m", "[", "?", "]"],
      ["a", ".", "zip", ",", "n"],
      ["l", "[", "0", "]"],
    ]);
    const timestamp = !isConditional && this.#chance(0.2) ? ["USING", "TIMESTAMP", ...this.#long()] : [];
    return [
      ...["DELETE", ...targets, "FROM", ...this.#table(), ...timestamp, ...this.#where()],
      ...(isConditional ? this.#condition() : []),
    ];
  }

  #batch(): string[] {
    if (this.#chance(0.1)) return ["BEGIN", "COUNTER", "BATCH", ...this.#counter(), "APPLY", "BATCH"];
    const isConditional = this.#chance(0.15);
    const members = Array.from({ length: 1 + this.#below(3) }, () => [
      ...this.#member(isConditional),
      ...(this.#chance(0.6) ? [";"] : []),
    ]);
    const timestamp = this.#chance(0.1) ? ["USING", "TIMESTAMP", "7"] : [];
    const kind = this.#chance(0.3) ? ["UNLOGGED"] : [];
    return ["BEGIN", ...kind, "BATCH", ...timestamp, ...members.flat(), "APPLY", "BATCH"];
  }

  #select(): string[] {
    return [
      "SELECT",
      ...this.#pick([["*"], ["v"], ["JSON", "k", ",", "v"], ["count", "(", "*", ")"]]),
      "FROM",
      "t",
      ...this.#where(),
    ];
  }

  #counter(): string[] {
    const by = this.#pick([
      ["n", "=", "n", "+"],
      ["n", "+="],
      ["n", "-="],
      ["n", "=", "n", "-"],
    ]);
    return [
      "UPDATE",
      "counters",
      "SET",
      ...by,
      this.#pick(["1", "?", ":by1", "5"]),
      "WHERE",
      "k",
      "=",
      ...this.#int(),
    ];
  }

  #otherTable(): string[] {
    return this.#pick([
      ["INSERT", "INTO", '"T"', "(", '"K"', ",", '"IF"', ")", "VALUES", "(", "1", ",", "?", ")"],
      ["UPDATE", "lexer", ".", '"T"', "SET", '"IF"', "=", ':"if"', "WHERE", '"K"', "=", "1"],
      [
        "DELETE",
        '"IF"',
        "FROM",
        '"T"',
        "WHERE",
        '"K"',
        "=",
        "?",
        ...(this.#chance(0.5) ? ["IF", "EXISTS"] : []),
      ],
    ]);
  }

  #table(): string[] {
    return this.#pick([["t"], ["t"], ["lexer", ".", "t"], ['"lexer"', ".", '"t"'], ['"t"']]);
  }

  #using(mayHaveTimestamp: boolean): string[] {
    const ttl = ["TTL", ...this.#int()];
    const timestamp = ["TIMESTAMP", ...this.#long()];
    const chosen = this.#pick([
      [],
      [],
      [],
      ttl,
      ...(mayHaveTimestamp ? [timestamp, [...ttl, "AND", ...timestamp], [...timestamp, "AND", ...ttl]] : []),
    ]);
    return chosen.length === 0 ? [] : ["USING", ...chosen];
  }

  #where(): string[] {
    const key = this.#pick([
      ["k", "=", ...this.#int()],
      ["k", "IN", "(", "1", ",", ...this.#int(), ")"],
      ["k", "=", "1"],
    ]);
    const clustering = this.#pick([
      ["c", "=", ...this.#int()],
      ["c", "=", "2"],
    ]);
    return ["WHERE", ...key, "AND", ...clustering];
  }

  #condition(): string[] {
    const column = this.#pick([
      ["v", "=", "'old'"],
      ["n", "IN", "(", "1", ",", "?", ")"],
      ["m", "[", "'x'", "]", ">", "5"],
      ["ttl", "!=", ":old"],
      ["v", "=", "'a'", "AND", "n", "=", "?"],
      ['"if"', "=", "'IF'"],
    ]);
    return ["IF", ...this.#pick([["EXISTS"], column])];
  }

  #columns(least = 0): (readonly [string, keyof typeof VALUES])[] {
    const columns = COLUMNS.filter(() => this.#chance(0.12));
    return columns.length >= least ? columns : [this.#pick(COLUMNS)];
  }

  #assignment(name: string, type: keyof typeof VALUES): string[] {
    const value = this.#value(type);
    const shapes = [[name, "=", ...value]];
    if (type === "set" || type === "list")
      shapes.push([name, "=", name, "+", ...value], [name, "+=", ...value], [name, "-=", ...value]);
    if (type === "list") shapes.push([name, "=", ...value, "+", name], [name, "[", "0", "]", "=", "'x'"]);
    if (type === "map")
      shapes.push(
        [name, "[", this.#pick(["'k'", "?"]), "]", "=", ...this.#int()],
        [name, "-=", "{", "'a'", "}"],
      );
    if (type === "address") shapes.push([name, ".", "street", "=", this.#pick(["'x'", "?", "null"])]);
    return this.#pick(shapes);
  }

  #value(type: keyof typeof VALUES): string[] {
    if (this.#chance(0.25)) return [this.#marker()];
    return [...this.#pick<readonly string[]>(VALUES[type])];
  }

  #int(): string[] {
    return [this.#pick(["1", "0", "2", "60", "?", this.#marker()])];
  }

  #long(): string[] {
    return [this.#pick(["1700000000000000", "5", "?", ':"Ts"'])];
  }

  /** Names differ, so that one is not of two types. */
  #marker(): string {
    if (this.#chance(0.6)) return "?";
    const name = `${this.#pick(["now", "ttl", "key", "json", "values", "exists", "a"])}${this.#below(1_000)}`;
    return this.#pick([`:${name}`, `:"${name.toUpperCase()}"`, `: ${name}`]);
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }
}

const VALUES = {
  text: [
    ["'a'"],
    ["''"],
    ["'it''s -- no'"],
    ["'/* IF */ ?'"],
    ["$$it's ? :x IF$$"],
    ["$$$$"],
    ["null"],
    ["'ı ſ 漢 🎉'"],
    ["CAST", "(", "5", "AS", "text", ")"],
    ["(", "text", ")", "'x'"],
    ["blob_as_text", "(", "0x61", ")"],
    ["CAST", "(", "now", "(", ")", "AS", "text", ")"],
  ],
  int: [
    ["1"],
    ["-1"],
    ["5", "-", "3"],
    ["-", "5"],
    ["2", "*", "(", "int", ")", "3"],
    ["null"],
    ["(", "int", ")", "?"],
    ["from_json", "(", "'5'", ")"],
    ["(", "int", ")", "-7"],
  ],
  double: [
    ["1.5"],
    ["1."],
    ["-1.5e-3"],
    ["1E5"],
    ["NaN"],
    ["-NaN"],
    ["-Infinity"],
    ["1"],
    ["1.0", "/", "2.0"],
  ],
  blob: [["0x"], ["0xCAFE"], ["text_as_blob", "(", "'a'", ")"], ["0Xab"]],
  uuid: [
    ["6f1b1c2e-1111-4222-8333-444455556666"],
    ["uuid", "(", ")"],
    ["Uuid", "(", ")"],
    ["FFFFFFFF-1111-4222-8333-444455556666"],
    ["system", ".", "uuid", "(", ")"],
  ],
  timeuuid: [
    ["now", "(", ")"],
    ["50554d6e-29bb-11e5-b345-feff819cdc9f"],
    ['"now"', "(", ")"],
    ["(", "timeuuid", ")", "now", "(", ")"],
    ["currentTimeUUID", "(", ")"],
    ["min_timeuuid", "(", "5", ")"],
  ],
  timestamp: [
    ["1700000000000"],
    ["'2026-01-02T03:04:05Z'"],
    ["to_timestamp", "(", "now", "(", ")", ")"],
    ["current_timestamp", "(", ")", "-", "1d"],
    ["'2026-01-02'"],
  ],
  duration: [
    ["1h"],
    ["-1d"],
    ["P1Y2M"],
    ["P1Y2M3DT4H5M6S"],
    ["P0001-02-03T04:05:06"],
    ["1y2mo3w4d5h6m7s8ms9us10ns"],
    ["P2W"],
    ["1µs"],
  ],
  inet: [["'10.0.0.1'"], ["'::1'"]],
  list: [["[", "'a'", ",", "'b'", "]"], ["[", "]"], ["null"], ["[", "'x'", "]"]],
  set: [
    ["{", "'a'", "}"],
    ["{", "}"],
    ["{", "'a'", ",", "'IF'", "}"],
  ],
  map: [
    ["{", "'a'", ":", "1", "}"],
    ["{", "}"],
    ["{", "'k'", ":", "-1", ",", "'l'", ":", "2", "}"],
  ],
  address: [["{", "street", ":", "'x'", ",", "zip", ":", "1", "}"], ["{", "zip", ":", "2", "}"], ["null"]],
  frozenList: [
    ["[", "1", ",", "2", "]"],
    ["[", "]"],
  ],
  tuple: [["(", "1", ",", "'a'", ")"]],
} as const;

const COLUMNS = [
  ["v", "text"],
  ["n", "int"],
  ["d", "double"],
  ["b", "blob"],
  ["u", "uuid"],
  ["tu", "timeuuid"],
  ["ts", "timestamp"],
  ["du", "duration"],
  ["ip", "inet"],
  ["l", "list"],
  ["s", "set"],
  ["m", "map"],
  ["a", "address"],
  ["fl", "frozenList"],
  ["tp", "tuple"],
  ["ttl", "int"],
  ["json", "text"],
  ['"if"', "text"],
  ['"Q ""x"""', "text"],
  ["st", "text"],
] as const satisfies readonly (readonly [string, keyof typeof VALUES])[];

const SEPARATORS = [
  "  ",
  "\n",
  "\t",
  "\r\n",
  "/**/",
  "/* it's ? IF */",
  "-- ' ? $$\n",
  '// "\r',
  "--\r",
  "/* -- */\n",
  "/***/",
] as const;

/** What makes a difference where it is put, or looks as if. */
const FRAGMENTS = [
  ...[
    "'",
    '"',
    "$$",
    "$",
    "--",
    "//",
    "/*",
    "*/",
    "\n",
    "\r",
    "\t",
    " ",
    ";",
    ",",
    ".",
    "..",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
  ],
  ...[
    "?",
    ":",
    ":x",
    ": x",
    ':"X"',
    "=",
    "+",
    "-",
    "+=",
    "<",
    "!=",
    "*",
    "/",
    "%",
    "@",
    "#",
    "\\",
    "&",
    "|",
    "~",
    "^",
    "`",
  ],
  ...["\u00a0", "\ufeff", "\0", "\u2028", "\v", "\f", "ı", "ſ", "\u0130", "é", "🎉", "\ud800", "µ"],
  ...[
    "1",
    "0",
    "-1",
    "1.5",
    "1e5",
    "1E",
    "0x",
    "0xZ",
    "5d",
    "1IF",
    "P1D",
    "NaN",
    "-NaN",
    "true",
    "null",
    "2..3",
    "1.",
    ".5",
  ],
  ...[
    " IF EXISTS",
    "IF EXISTS",
    " IF NOT EXISTS ",
    "IF v = 'x'",
    " if ",
    "-- x\rIF EXISTS",
    "-- x\nIF EXISTS",
    "/* */IF EXISTS",
    "1IF EXISTS",
  ],
  ...[
    " USING TTL 5",
    " USING TIMESTAMP 5 ",
    " AND TTL ? ",
    " AND TIMESTAMP 7",
    "USING TTL 5 AND TTL 9",
    " AND ",
    " WHERE ",
    " SET ",
    " VALUES ",
  ],
  ...[
    "now()",
    "uuid()",
    "BEGIN BATCH ",
    " APPLY BATCH",
    "UNLOGGED",
    "TRUNCATE ",
    "SELECT ",
    "JSON",
    "lexer.",
    '"lexer".',
    "system.",
    "TABLE",
  ],
] as const;

const isOfWord = (char: string) => /\w/.test(char);

/** Not in quotes, which keep their case: a word, as far as a case goes. */
const isWord = (lexeme: string) => /^[A-Za-z]/.test(lexeme);
