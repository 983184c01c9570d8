import fc from "fast-check";
import { expect, it } from "vitest";
import { parseStatement } from "../src/cql/parse-statement.ts";
import { parseTerm } from "../src/cql/parse-term.ts";
import { Reader } from "../src/cql/reader.ts";
import type { Span } from "../src/cql/syntax.ts";
import { inspect } from "../src/inspect.ts";
import { spaced } from "./arbitrary-writes.ts";

type Node = Span & { readonly kind?: string; readonly name?: unknown; readonly verb?: string };

/** The tree without its positions. */
function bare(node: unknown): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, value) => (["at", "end", "usingAt"].includes(key) ? undefined : value)),
  );
}

function read(cql: string) {
  const reader = new Reader(cql);
  reader.next();
  return parseStatement(reader);
}

function nodes(tree: unknown, found: Node[] = []): Node[] {
  if (typeof tree !== "object" || tree === null) return found;
  if ("at" in tree && "end" in tree) found.push(tree as Node);
  for (const part of Object.values(tree)) nodes(part, found);
  return found;
}

const TERMS = new Set([
  "text",
  "list",
  "set",
  "map",
  "fields",
  "tuple",
  "call",
  "cast",
  "hint",
  "arithmetic",
  "negation",
]);

it("means the same, whatever blanks and comments are in it", () => {
  fc.assert(
    fc.property(spaced, ([plain, free]) => {
      expect(bare(read(free))).toEqual(bare(read(plain)));
    }),
    { numRuns: 500 },
  );
});

it("has spans that slice to what they say", () => {
  fc.assert(
    fc.property(spaced, ([, free]) => {
      for (const node of nodes(read(free))) {
        const slice = free.slice(node.at, node.end);
        expect(slice.trim()).toBe(slice);
        expect(node.end).toBeGreaterThan(node.at);
        if (node.kind === "marker") {
          expect(slice === "?" || slice.startsWith(":")).toBe(true);
        } else if (TERMS.has(node.kind ?? "") && !("target" in node)) {
          const reader = new Reader(slice);
          reader.next();
          expect(unnumbered(parseTerm(reader))).toEqual(unnumbered(node));
          expect(reader.kind).toBe("end");
        } else if (node.verb !== undefined) {
          expect(slice.toLowerCase()).toMatch(new RegExp(`^(begin|${node.verb})`, "u"));
        } else if (typeof node.name === "string") {
          expect([node.name, `"${node.name.replaceAll('"', '""')}"`]).toContain(
            slice.startsWith('"') ? slice : slice.toLowerCase(),
          );
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** A slice counts its markers from 0. */
/** What a term has from its place in the text. */
const OF_ITS_PLACE = ["at", "end", "index", "isInCollection"];

function unnumbered(node: unknown): unknown {
  return JSON.parse(JSON.stringify(node, (key, value) => (OF_ITS_PLACE.includes(key) ? undefined : value)));
}

it("counts the markers in the order of the text, those of all members and conditions", () => {
  fc.assert(
    fc.property(spaced, ([, free]) => {
      const { markers, statement } = inspect(free);
      expect(markers.map(({ index }) => index)).toEqual(markers.map((_, index) => index));
      expect(markers.toSorted((a, b) => a.at - b.at)).toEqual(markers);
      for (const found of nodes(statement)) if (found.kind === "marker") expect(markers).toContain(found);
    }),
    { numRuns: 300 },
  );
});
