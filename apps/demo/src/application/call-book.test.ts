import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BookReader, CallBook, type Entry, unfinishedOf } from "./call-book.ts";

let directory: string;
let file: string;
let reader: BookReader;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "helix-book-"));
  file = path.join(directory, "calls.jsonl");
  reader = new BookReader(file);
});
afterEach(() => {
  reader.close();
  rmSync(directory, { recursive: true });
});

const begun = (call: number): Entry => ({ what: "begun", call, timestampMicros: `${1000 + call}` });
const returned = (call: number): Entry => ({ what: "returned", call, ms: 1, repeats: 0 });
const failed = (call: number): Entry => ({ what: "failed", call, error: "no" });

function writeAll(...entries: Entry[]): void {
  const book = new CallBook(file);
  for (const entry of entries) book.write(entry);
  book.close();
}

test("a reader sees each line once, from before the book was there", () => {
  expect([...reader.read()]).toEqual([]);
  writeAll(begun(0), returned(0));
  expect([...reader.read()]).toEqual([begun(0), returned(0)]);
  writeAll(begun(1));
  expect([...reader.read()]).toEqual([begun(1)]);
  expect([...reader.read()]).toEqual([]);
});

test("a line is read when it is complete, however it is cut", () => {
  const line = `${JSON.stringify(begun(7))}\n`;
  const seen: Entry[] = [];
  for (const character of line) {
    appendFileSync(file, character);
    seen.push(...reader.read());
  }
  expect(seen).toEqual([begun(7)]);
});

test("a book that is longer than what is read at once is read to its end", () => {
  const entries = Array.from({ length: 3000 }, (_, call) => begun(call));
  writeAll(...entries);
  expect([...reader.read()]).toEqual(entries);
});

test("a restarted application goes on behind the last complete line", () => {
  writeAll(begun(0));
  appendFileSync(file, '{"what":"retu');
  writeAll(begun(1));
  expect(readFileSync(file, "utf8")).toBe(`${JSON.stringify(begun(0))}\n${JSON.stringify(begun(1))}\n`);
});

test("what has begun and neither returned nor failed is to be repeated, with its timestamp", () => {
  const entries = [begun(0), begun(1), returned(0), begun(2), begun(3), failed(2)];
  expect(unfinishedOf(entries)).toEqual({
    open: new Map([
      [1, 1001n],
      [3, 1003n],
    ]),
    next: 4,
  });
  expect(unfinishedOf([])).toEqual({ open: new Map(), next: 0 });
});
