import { expect, it } from "vitest";
import { bindMarkers } from "./bind-markers.ts";

const names = (query: string) => bindMarkers(query, []).map(({ name }) => name);

it("counts the markers outside quotes and comments", () => {
  expect(names("INSERT INTO t (a, b) VALUES (?, ?)")).toEqual(["p0", "p1"]);
  expect(names(`SELECT '?''?', "?", $$?$$, ? /* ? */ -- ?\n, ? // ?`)).toEqual(["p0", "p1"]);
});

it("takes the names from the text, in lower case", () => {
  expect(names("UPDATE t SET a = :A WHERE b = :b_1")).toEqual(["a", "b_1"]);
});

it("gives the markers their types in order, and text to the rest", () => {
  expect(bindMarkers("? ? ?", ["int", { list: "text" }]).map(({ type }) => type)).toEqual([
    "int",
    { list: "text" },
    "text",
  ]);
});
