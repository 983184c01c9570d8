import fc from "fast-check";
import { expect, test } from "vitest";
import type { Insert, Marker, Update } from "../cql/syntax.ts";
import { inspect } from "../inspect.ts";
import type { Decision } from "../inspection.ts";
import type { Params } from "./edits.ts";
import { qualify } from "./qualify.ts";
import { replayed, withDefaultTtl } from "./ttl.ts";
import { withValues } from "./with-values.ts";

const NOT_A_TTL = Symbol("not a TTL");

interface Written {
  readonly cql: string;
  readonly params: Params;
  readonly ttl: "none" | "number" | "marker";
}

const gaps = fc.constantFrom(" ", "\n", "  ", " /* ? USING TTL 7 */ ", " -- :x ' ?\n", "//\r");
const values = fc.constantFrom(
  "?",
  "now()",
  "'?'",
  "1",
  "toDate(now())",
  "(timeuuid)uuid ( )",
  "$$?$$",
  "{'a': 1}",
);

/** Statements as an application may write them, with positional or named parameters, each with another value. */
const written: fc.Arbitrary<Written> = fc
  .record({
    verb: fc.constantFrom("insert", "update"),
    values: fc.array(values, { minLength: 1, maxLength: 5 }),
    key: fc.constantFrom("?", "1"),
    ttl: fc.constantFrom("none", "number", "marker"),
    timestamp: fc.constantFrom("none", "number", "marker"),
    ttlFirst: fc.boolean(),
    isNamed: fc.boolean(),
    sharesName: fc.boolean(),
    gaps: fc.array(gaps, { minLength: 1, maxLength: 8 }),
    end: fc.constantFrom("", ";", " ; ;", " -- done ?\n", "/**/;"),
  })
  .map(({ verb, values, key, ttl, timestamp, ttlFirst, isNamed, sharesName, gaps, end }) => {
    const using = [
      ...(ttl === "none" ? [] : [`TTL ${ttl === "number" ? "60" : "?"}`]),
      ...(timestamp === "none" ? [] : [`TIMESTAMP ${timestamp === "number" ? "5" : "?"}`]),
    ];
    if (!ttlFirst) using.reverse();
    const clause = using.length === 0 ? "" : ` USING ${using.join(" AND ")} `;
    const text =
      verb === "insert"
        ? `INSERT INTO t (k ${values.map((_, n) => `,c${n}`).join(" ")}) VALUES (${[key, ...values].join(" , ")})${clause}`
        : `UPDATE t ${clause} SET ${values.map((value, n) => `c${n} = ${value}`).join(" , ")} WHERE k = ${key}`;
    let next = 0;
    const spaced = text.replaceAll(" ", () => gaps[next++ % gaps.length] ?? " ") + end;
    return { ...bound(spaced, isNamed, sharesName), ttl };
  });

/** The nth marker has the value `n`, the TTL 60; a name may stand for the TTL and for another value. */
function bound(cql: string, isNamed: boolean, sharesName: boolean): Pick<Written, "cql" | "params"> {
  const { markers, statement } = inspect(cql);
  const { using } = statement as Insert | Update;
  const isTtl = (marker: Marker) => marker === using?.ttl;
  const at = markers.map((marker, n): [Marker, number] => [marker, isTtl(marker) ? 60 : n]);
  if (!isNamed) return { cql, params: at.map(([, value]) => value) };
  const shared = sharesName && markers.some(isTtl);
  const nameOf = (marker: Marker, n: number) =>
    shared && (isTtl(marker) || n === markers.length - 1) ? "both" : `n${n}`;
  let text = "";
  let from = 0;
  const params: Record<string, unknown> = {};
  for (const [n, [marker, value]] of at.entries()) {
    const name = nameOf(marker, n);
    text += `${cql.slice(from, marker.at)}:${name} `;
    from = marker.end;
    params[name] = name === "both" ? 60 : value;
  }
  return { cql: text + cql.slice(from), params };
}

/** What a marker of the text gets. */
function valueAt(params: Params, { index, name }: Marker): unknown {
  if (Array.isArray(params)) return params[index];
  expect(params).toHaveProperty(name ?? "a name");
  return (params as Record<string, unknown>)[name as string];
}

/** What is bound, in the order of the markers, without the TTL. */
function boundValues(cql: string, params: Params): unknown[] {
  const { markers, statement } = inspect(cql);
  expect(statement).toBeDefined();
  if (Array.isArray(params)) expect(params).toHaveLength(markers.length);
  const { using } = statement as Insert | Update;
  return markers
    .map((marker) => (marker === using?.ttl ? NOT_A_TTL : valueAt(params, marker)))
    .filter((value) => value !== NOT_A_TTL);
}

function ttlOf(cql: string, params: Params): unknown {
  const { using } = inspect(cql).statement as Insert | Update;
  if (using?.ttl === undefined) return undefined;
  return using.ttl.kind === "marker"
    ? valueAt(params, using.ttl)
    : Number(cql.slice(using.ttl.at, using.ttl.end));
}

/** What is written, and when, without the TTL and without names of markers. */
function shapeOf(cql: string): string {
  const { using, ...rest } = inspect(cql).statement as Insert | Update;
  const places = new Set(["at", "end", "usingAt", "index"]);
  return JSON.stringify({ rest, timestamp: using?.timestamp }, (key, value) =>
    places.has(key) ? undefined : value?.kind === "marker" ? "marker" : value,
  );
}

function decided({ ttl }: Pick<Written, "ttl">, seconds = 60): Decision {
  const source = ({ none: "table", number: "text", marker: "value" } as const)[ttl];
  const member = { verdict: "ttl", keyspace: "ks", table: "t", ttl: { seconds, source } } as const;
  return { verdict: "ttl", on: [], members: [member] };
}

test("a TTL is what is left of it, whatever the text, and nothing else changes", () => {
  fc.assert(
    fc.property(written, fc.integer({ min: 0, max: 59_000 }), (statement, ageMs) => {
      const { cql, params } = statement;
      const result = replayed(inspect(cql), decided(statement), params, ageMs);
      expect(ttlOf(result.query, result.params)).toBe(60 - Math.ceil(ageMs / 1_000));
      expect(boundValues(result.query, result.params)).toEqual(boundValues(cql, params));
      expect(shapeOf(result.query)).toBe(shapeOf(cql));
      const left = decided(
        { ...statement, ttl: inspect(cql).markers.length > 0 ? "marker" : "number" },
        60 - Math.ceil(ageMs / 1_000),
      );
      expect(replayed(inspect(result.query), left, result.params, 0)).toEqual(result);
    }),
    { numRuns: 500 },
  );
});

test("one that has lived its time reads as an UPDATE that sets null, or an INSERT for a second", () => {
  fc.assert(
    fc.property(written, (statement) => {
      const { cql, params } = statement;
      const result = replayed(inspect(cql), decided(statement), params, 60_000);
      expect(ttlOf(result.query, result.params)).toBe(1);
      const after = inspect(result.query).statement as Insert | Update;
      if (after.verb === "insert") {
        expect(boundValues(result.query, result.params)).toEqual(boundValues(cql, params));
      } else {
        expect(after.assignments.map(({ value }) => value.kind)).toEqual(
          (inspect(cql).statement as Update).assignments.map(() => "null"),
        );
        boundValues(result.query, result.params);
      }
    }),
    { numRuns: 500 },
  );
});

test("no call is left, each has a value of its own, and nothing else changes", () => {
  fc.assert(
    fc.property(written, ({ cql, params }) => {
      const { calls } = inspect(cql);
      let made = 0;
      const { query, params: bound } = withValues(inspect(cql), params, () => `value ${made++}`);
      expect(made).toBe(calls.length);
      expect(inspect(query).calls).toEqual([]);
      const all = boundValues(query, bound);
      const isMade = (value: unknown) => typeof value === "string";
      expect(all.filter(isMade)).toEqual(calls.map((_, n) => `value ${n}`));
      expect(all.filter((value) => !isMade(value))).toEqual(boundValues(cql, params));
      expect(withValues(inspect(query), bound, () => "none")).toEqual({ query, params: bound });
    }),
    { numRuns: 500 },
  );
});

test("a default TTL and a keyspace are said once, however often they are asked for", () => {
  fc.assert(
    fc.property(written, (statement) => {
      const { cql, params } = statement;
      const said = withDefaultTtl(inspect(cql), decided(statement), params);
      expect(ttlOf(said.query, said.params)).toBe(60);
      expect(boundValues(said.query, said.params)).toEqual(boundValues(cql, params));
      expect(shapeOf(said.query)).toBe(shapeOf(cql));
      const again = decided({ ...statement, ttl: "number" });
      expect(withDefaultTtl(inspect(said.query), again, said.params)).toEqual(said);
      const named = qualify(inspect(cql), "Shop");
      expect(inspect(named ?? "").tables.map(({ keyspace }) => keyspace?.name)).toEqual(["Shop"]);
      expect(qualify(inspect(named ?? ""), "other")).toBe(named);
    }),
    { numRuns: 500 },
  );
});
