import { expect, it } from "vitest";
import { parseType } from "./parse-type.ts";

const text = { kind: "native", name: "text" };
const int = { kind: "native", name: "int" };

it.each([
  ["int", int],
  ["VarChar", text],
  ["list<text>", { kind: "list", isFrozen: false, of: text }],
  ["frozen<list<text>>", { kind: "list", isFrozen: true, of: text }],
  [" set < int > ", { kind: "set", isFrozen: false, of: int }],
  [
    "map<text, frozen<list<int>>>",
    { kind: "map", isFrozen: false, key: text, value: { kind: "list", isFrozen: true, of: int } },
  ],
  ["tuple<int, list<text>>", { kind: "tuple", of: [int, { kind: "list", isFrozen: true, of: text }] }],
  ["tuple<list<text>>", { kind: "tuple", of: [{ kind: "list", isFrozen: true, of: text }] }],
  ["frozen<tuple<int>>", { kind: "tuple", of: [int] }],
  ["vector<int, 3>", { kind: "vector", of: int, dimension: 3 }],
  ["Address", { kind: "user", isFrozen: false, name: "address" }],
  ["frozen<address>", { kind: "user", isFrozen: true, name: "address" }],
  ['"My ""type"', { kind: "user", isFrozen: false, name: 'My "type' }],
  ['other."T"', { kind: "user", isFrozen: false, keyspace: "other", name: "T" }],
  ['"int"', { kind: "user", isFrozen: false, name: "int" }],
  ["'org.apache.Some<Thing>'", { kind: "custom", name: "org.apache.Some<Thing>" }],
])("%s is read as a type", (written, type) => {
  expect(parseType(written)).toEqual(type);
});

it.each([
  "",
  "list<",
  "list<int",
  "list<int>>",
  "list<int, int>",
  "map<int>",
  "map<int, int, int>",
  "vector<int>",
  "vector<int, x>",
  "int int",
  "<int>",
  "a.",
  ".a",
  "a.b.c",
  '"a',
  "1a",
  "frozen<>",
  "array<int>",
])("%s is no type", (written) => {
  expect(parseType(written)).toBeUndefined();
});
