import fc from "fast-check";

/** A statement as its tokens: what stands between them is free. */
export type Tokens = readonly string[];

const name = fc.constantFrom(
  ...[
    "a",
    "b",
    "key",
    "Value",
    "ttl",
    "timestamp",
    "json",
    "list",
    "exists",
    '"Q ""q"" -- "',
    "abcdef12",
    "P1",
  ],
);
const marker = fc.oneof(
  fc.constant<Tokens>(["?"]),
  name.map((named): Tokens => [":", named]),
);
const literal = fc
  .constantFrom(
    ...[
      "1",
      "-2",
      "2.",
      "1.5e-3",
      "0xCAFE",
      "'it''s -- '",
      "$$/* '$$",
      "true",
      "null",
      "NaN",
      "-Infinity",
      "1mo2d",
    ],
    ...["P1Y2M", "PT5M", "6f1b1c2e-1111-4222-8333-444455556666", "abcdefab-1111-4222-8333-444455556666"],
  )
  .map((written): Tokens => [written]);
const integer = fc.oneof(marker, fc.constant<Tokens>(["60"]));

const type: fc.Arbitrary<Tokens> = fc.constantFrom<Tokens[]>(
  ["int"],
  ["varchar"],
  ["ks", ".", "Address"],
  ["frozen", "<", "map", "<", "text", ",", "list", "<", "int", ">", ">", ">"],
  ["vector", "<", "float", ",", "3", ">"],
);

const { term } = fc.letrec<{ term: Tokens; literals: Tokens }>((tie) => ({
  term: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    literal,
    marker,
    enclosed("[", tie("term"), "]"),
    enclosed("(", tie("term"), ")", 1),
    enclosed("{", tie("literals"), "}"),
    enclosed(
      "{",
      fc.tuple(tie("literals"), tie("literals")).map(([key, value]) => [...key, ":", ...value]),
      "}",
      1,
    ),
    enclosed(
      "{",
      fc.tuple(name, tie("term")).map(([field, value]) => [field, ":", ...value]),
      "}",
      1,
    ),
    fc
      .tuple(
        fc.constantFrom<Tokens[]>(["now"], ["system", ".", "to_date"], ['"f"']),
        enclosed("(", tie("term"), ")"),
      )
      .map(([called, args]) => [...called, ...args]),
    fc.tuple(type, fc.oneof(literal, marker)).map(([hint, value]) => ["(", ...hint, ")", ...value]),
    fc.oneof(literal, marker).map((value) => ["CAST", "(", ...value, "AS", "text", ")"]),
    fc
      .tuple(fc.oneof(literal, marker), fc.constantFrom("+", "-", "*", "/", "%"), fc.oneof(literal, marker))
      .map(([left, operator, right]) => [...left, operator, ...right]),
    marker.map((value) => ["-", ...value]),
  ),
  literals: fc.oneof(
    { depthSize: "small" },
    literal,
    enclosed("[", tie("literals"), "]"),
    enclosed("(", tie("literals"), ")", 1),
  ),
}));

function enclosed(
  open: string,
  item: fc.Arbitrary<Tokens>,
  close: string,
  minLength = 0,
): fc.Arbitrary<Tokens> {
  return separated(item, ",", minLength).map((items) => [open, ...items, close]);
}

function separated(item: fc.Arbitrary<Tokens>, separator: string, minLength = 1): fc.Arbitrary<Tokens> {
  return fc
    .array(item, { minLength, maxLength: 3 })
    .map((items) => items.flatMap((tokens, index) => (index === 0 ? tokens : [separator, ...tokens])));
}

const table = fc.oneof(
  name.map((named): Tokens => [named]),
  fc.tuple(name, name).map(([keyspace, named]): Tokens => [keyspace, ".", named]),
);
const using = fc.oneof(
  fc.constant<Tokens>([]),
  fc
    .tuple(fc.constantFrom("TTL", "TIMESTAMP"), integer)
    .map(([what, value]): Tokens => ["USING", what, ...value]),
  fc.tuple(integer, integer).map(([a, b]): Tokens => ["USING", "TIMESTAMP", ...a, "AND", "TTL", ...b]),
  integer.map((value): Tokens => ["USING", "TTL", "60", "AND", "TTL", ...value]),
);
const columns = separated(
  name.map((named): Tokens => [named]),
  ",",
);
const relation: fc.Arbitrary<Tokens> = fc.oneof(
  fc
    .tuple(name, fc.constantFrom("=", "<", ">=", "!=", "CONTAINS", "LIKE"), term)
    .map(([column, operator, value]) => [column, operator, ...value]),
  fc.tuple(name, enclosed("(", term, ")")).map(([column, values]) => [column, "IN", ...values]),
  fc.tuple(name, marker).map(([column, value]) => [column, "IN", ...value]),
  fc
    .tuple(columns, enclosed("(", term, ")", 1))
    .map(([several, values]) => ["(", ...several, ")", ">", ...values]),
  fc.tuple(columns, marker).map(([several, value]) => ["(", ...several, ")", "IN", ...value]),
  fc.tuple(name, term).map(([column, value]) => ["(", column, "=", ...value, ")"]),
);
const where = separated(relation, "AND").map((relations): Tokens => ["WHERE", ...relations]);
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Tokens>([]) },
  { weight: 1, arbitrary: fc.constant<Tokens>(["IF", "EXISTS"]) },
);

const insert = fc
  .tuple(table, columns, enclosed("(", term, ")", 1), using)
  .map(
    ([into, named, values, said]): Tokens => [
      ...["INSERT", "INTO", ...into, "(", ...named, ")", "VALUES", ...values, ...said],
    ],
  );
const json = fc
  .tuple(
    table,
    fc.oneof(marker, fc.constant<Tokens>(["'{}'"])),
    fc.constantFrom<Tokens[]>([], ["DEFAULT", "UNSET"]),
  )
  .map(([into, value, otherwise]): Tokens => ["INSERT", "INTO", ...into, "JSON", ...value, ...otherwise]);

/** One assignment of each column, since the server takes no column twice. */
const assignments = fc
  .uniqueArray(fc.tuple(name, term, term, fc.constantFrom("=", "+=", "add", "take", "before", "[", ".")), {
    minLength: 1,
    maxLength: 3,
    selector: ([column]) => column.toLowerCase(),
  })
  .map((all) =>
    all.flatMap(
      ([column, value, key, kind], index): Tokens => [
        ...(index === 0 ? [] : [","]),
        ...assignment(column, value, key, kind),
      ],
    ),
  );

function assignment(column: string, value: Tokens, key: Tokens, kind: string): Tokens {
  switch (kind) {
    case "add":
      return [column, "=", column, "+", ...value];
    case "take":
      return [column, "=", column, "-", ...value];
    case "before":
      return [column, "=", ...value, "+", column];
    case "[":
      return [column, "[", ...key, "]", "=", ...value];
    case ".":
      return [column, ".", column, "=", ...value];
    default:
      return [column, kind, ...value];
  }
}

const update = fc
  .tuple(table, using, assignments, where, condition)
  .map(
    ([into, said, set, found, only]): Tokens => [
      "UPDATE",
      ...into,
      ...said,
      "SET",
      ...set,
      ...found,
      ...only,
    ],
  );
const targets = separated(
  fc.oneof(
    name.map((named): Tokens => [named]),
    fc.tuple(name, term).map(([named, key]): Tokens => [named, "[", ...key, "]"]),
    fc.tuple(name, name).map(([named, field]): Tokens => [named, ".", field]),
  ),
  ",",
  0,
);
const remove = fc
  .tuple(targets, table, where, condition)
  .map(([what, from, found, only]): Tokens => ["DELETE", ...what, "FROM", ...from, ...found, ...only]);

const write = fc.oneof(insert, json, update, remove);

/** Writes and batches that the server's parser takes. */
export const writes: fc.Arbitrary<Tokens> = fc.oneof(
  { weight: 4, arbitrary: write },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom<Tokens[]>([], ["UNLOGGED"]), fc.array(write, { maxLength: 3 }))
      .map(
        ([kind, members]): Tokens => [
          ...["BEGIN", ...kind, "BATCH", ...members.flatMap((member) => [...member, ";"]), "APPLY", "BATCH"],
        ],
      ),
  },
);

const BLANKS = [" ", "\n", "\t\r", " /* it's ? */ ", "/**/", " -- ?\n", " // '\r"];

/** The same statement twice: with a blank between all tokens, and with any blanks, comments, or none where none is needed. */
export const spaced: fc.Arbitrary<readonly [plain: string, free: string]> = fc
  .tuple(writes, fc.array(fc.constantFrom("", ...BLANKS), { minLength: 8, maxLength: 8 }))
  .map(([tokens, blanks]) => {
    let free = "";
    for (const [index, token] of tokens.entries()) {
      const next = `${blanks[index % blanks.length]}${token}`;
      free += isGlued(free, next) ? ` ${next}` : next;
    }
    return [tokens.join(" "), free];
  });

/** Whether the token would become another one, right behind the text. */
function isGlued(text: string, token: string): boolean {
  const last = text.at(-1) ?? " ";
  return (
    (WORD.includes(last) && WORD.includes(token.charAt(0))) ||
    SIGNS.includes(last) ||
    last === token.charAt(0)
  );
}

const WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
const SIGNS = "-+/*<>!=$";
