/** Code that is broken on purpose, each in one way: the proof that the corpus can fail. */
export interface Mutant {
  readonly name: string;
  /** Within `src/decide`. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
  /** A statement of the corpus that is then judged wrongly. */
  readonly caughtBy: string;
}

const ASSIGN = "assignments.ts";
const PLAN = "plan.ts";
const TERMS = "terms.ts";
const JSON_TEXTS = "json.ts";
const USING = "using.ts";
const SETTLE = "settle.ts";
const EVALUATED = "server-evaluated.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "a list in the text is overwritten like a set",
    file: ASSIGN,
    find: 'findings.effect(isCellList(type) ? listObjection("overwrite", name, value) : "data");',
    replace: 'findings.effect("data");',
    caughtBy: "UPDATE colls SET l = ['a', 'b'] WHERE k = 1",
  },
  {
    name: "a bound list is overwritten like a set",
    file: ASSIGN,
    find: 'return isCellList(type) ? listObjection("overwrite", name, at) : "data";',
    replace: 'return "data";',
    caughtBy: "INSERT INTO colls (k, li) VALUES (?, ?)",
  },
  {
    name: "a frozen list is taken for one that is not",
    file: "types.ts",
    find: 'return type.kind === "list" && !type.isFrozen;',
    replace: 'return type.kind === "list";',
    caughtBy: "UPDATE colls SET fl = ?, fs = ?, fm = ?, fa = ? WHERE k = ?",
  },
  {
    name: "what is bound to an addition to a list is not looked at",
    file: ASSIGN,
    find: 'judge: (bound) => (bound === null || isEmptyCollection(bound) ? "nothing" : objection),',
    replace: 'judge: () => "nothing",',
    caughtBy: "UPDATE colls SET l = l + ? WHERE k = ?",
  },
  {
    name: "a place in a list is set like a key of a map",
    file: ASSIGN,
    find: 'if (isCellList(type)) findings.object(listObjection("index", name, target));',
    replace: "if (isCellList(type)) findings.writesData = true;",
    caughtBy: "UPDATE colls SET l[0] = 'x' WHERE k = 1",
  },
  {
    name: "a place in a list is deleted like a key of a map",
    file: PLAN,
    find: 'if (isCellList(type)) findings.object(listObjection("index", name, target));',
    replace: "if (isCellList(type)) continue;",
    caughtBy: "DELETE s, l[0] FROM colls WHERE k = 1",
  },
  {
    name: "an empty map that is frozen is taken for null",
    file: ASSIGN,
    find: '(type.kind === "map" && !type.isFrozen)',
    replace: 'type.kind === "map"',
    caughtBy: "UPDATE colls SET fm = ? WHERE k = ?",
  },
  {
    name: "an empty frozen set in the text is taken for a tombstone",
    file: ASSIGN,
    find: 'term.kind === "null" || (hasCells(type) && isEmpty(term))',
    replace: 'term.kind === "null" || isEmpty(term)',
    caughtBy: "UPDATE colls SET fs = {} WHERE k = 1",
  },
  {
    name: "a row marker counts for nothing",
    file: PLAN,
    find: "if (!isStaticOnly) findings.writesData = true;",
    replace: "",
    caughtBy: "INSERT INTO scalars (k, v) VALUES (3, null)",
  },
  {
    name: "tables of counters are tables like others",
    file: PLAN,
    find: "if (table.isCounter) findings.object(counterObjection(at));",
    replace: "",
    caughtBy: "DELETE FROM counters_wide WHERE k = 1 AND c = 2",
  },
  {
    name: "views are written",
    file: PLAN,
    find: "if (table.isView) findings.object(viewObjection(at));",
    replace: "",
    caughtBy: "UPDATE users_by_email SET name = ? WHERE email = ? AND id = ?",
  },
  {
    name: "tables with transactions are tables like others",
    file: PLAN,
    find: 'if (mode !== undefined && mode.toLowerCase() !== "off") findings.object(transactionalObjection(mode, at));',
    replace: "",
    caughtBy: "INSERT INTO accord (k, v) VALUES (1, 'a')",
  },
  {
    name: "the default TTL of a table is not seen",
    file: USING,
    find: 'defaultTtlSeconds > 0 ? { seconds: defaultTtlSeconds, source: "table" } : undefined;',
    replace: "undefined;",
    caughtBy: "INSERT INTO expiring (k, c) VALUES (1, 2)",
  },
  {
    name: "a bound TTL is not looked at",
    file: USING,
    find: 'return seconds === undefined ? wrongTtl(at) : ttlOf(seconds, "value", at);',
    replace: "return undefined;",
    caughtBy: "INSERT INTO scalars (k, v) VALUES (:k, :v) USING TTL :ttl",
  },
  {
    name: "an unset TTL switches the default off",
    file: USING,
    find: "if (isUnset(value)) return byDefault;",
    replace: "if (isUnset(value)) return undefined;",
    caughtBy: "INSERT INTO expiring (k, c, v) VALUES (?, ?, ?) USING TTL ?",
  },
  {
    name: "a TTL out of range is taken",
    file: USING,
    find: "if (seconds < 0n || seconds > MAX_TTL_SECONDS) return wrongTtl(at);",
    replace: "",
    caughtBy: "INSERT INTO scalars (k, v) VALUES (1, 'a') USING TTL -5",
  },
  {
    name: "a TTL in the text is not looked at",
    file: USING,
    find: ': ttlOf(numberIn(cql, ttl), "text", ttl),',
    replace: ": undefined,",
    caughtBy: "UPDATE scalars USING TTL 060 SET v = 'a' WHERE k = 1",
  },
  {
    name: "a bound timestamp is not looked at",
    file: USING,
    find: '{ marker: timestamp, name: "[timestamp]", read: (value) => boundTimestamp(value, timestamp) }',
    replace: "undefined",
    caughtBy: "DELETE FROM scalars USING TIMESTAMP ? WHERE k = ?",
  },
  {
    name: "a time needs no zone",
    file: EVALUATED,
    find: 'if (text === "" || MILLISECONDS.test(text) || WITH_ZONE.test(text)) return undefined;',
    replace: "return undefined;",
    caughtBy: "INSERT INTO scalars (k, ts) VALUES (1, '2026-01-02 03:04')",
  },
  {
    name: "a host name is an address",
    file: EVALUATED,
    find: 'if (name === "inet" && !isAddress(text)) {',
    replace: "if (false) {",
    caughtBy: "INSERT INTO scalars (k, ip) VALUES (1, 'localhost')",
  },
  {
    name: "literals in sets and lists are not looked at",
    file: TERMS,
    find: "for (const [index, item] of term.items.entries())",
    replace: "for (const [index, item] of [].entries())",
    caughtBy: "UPDATE times SET past = [0, 'now'] WHERE k = 1",
  },
  {
    name: "keys of maps are not looked at",
    file: TERMS,
    find: 'examine(key, type?.kind === "map" ? type.key : undefined, findings);',
    replace: "",
    caughtBy: "UPDATE times SET by_time = by_time + {'2026-01-02': '10.0.0.1'} WHERE k = 1",
  },
  {
    name: "values of maps are not looked at",
    file: TERMS,
    find: 'examine(value, type?.kind === "map" ? type.value : undefined, findings);',
    replace: "",
    caughtBy: "UPDATE times SET ips = {'a': ['10.0.0.1', 'localhost']} WHERE k = 1",
  },
  {
    name: "fields are not looked at",
    file: TERMS,
    find: "else examine(value, fieldType, findings);",
    replace: "",
    caughtBy: "UPDATE times SET stays['a'] = {host: 'localhost'} WHERE k = 1",
  },
  {
    name: "a type hint hides a literal",
    file: TERMS,
    find: "examine(term.term, term.type, findings);",
    replace: "",
    caughtBy: "UPDATE scalars SET v = CAST((timestamp) 'now' AS text) WHERE k = 1",
  },
  {
    name: "arguments of functions are not looked at",
    file: TERMS,
    find: "for (const term of call.args) examine(term, argumentType, findings);",
    replace: "",
    caughtBy: "UPDATE scalars SET tu = min_timeuuid('2026-01-02') WHERE k = 1",
  },
  {
    name: "the left side of a sum is not looked at",
    file: TERMS,
    find: "examine(term.left, type, findings);",
    replace: "",
    caughtBy: "UPDATE scalars SET ts = '2026-01-02' + 1d WHERE k = 1",
  },
  {
    name: "CAST hides a literal",
    file: TERMS,
    find: "examine(term.term, castArgument(term.type), findings);",
    replace: "",
    caughtBy: "UPDATE scalars SET da = CAST('now' AS date) WHERE k = 1",
  },
  {
    name: "functions of the keyspace do not replace native ones",
    file: TERMS,
    find: 'call.keyspace === undefined ? functions.has(call.name.name) : call.keyspace.name !== "system";',
    replace: 'call.keyspace !== undefined && call.keyspace.name !== "system";',
    caughtBy: "UPDATE scalars SET b = to_unix_timestamp(5) WHERE k = 1",
  },
  {
    name: "relations are not looked at",
    file: PLAN,
    find: "for (const value of relation.values) examine(value, type, findings);",
    replace: "",
    caughtBy: "DELETE FROM events WHERE id = 50554d6e-29bb-11e5-b345-feff819cdc9f AND at IN (0, 'now')",
  },
  {
    name: "parts of the key are not looked at in an INSERT",
    file: PLAN,
    find: 'if (column.kind === "partition" || column.kind === "clustering") examine(value, column.type, findings);',
    replace: 'if (column.kind === "partition" || column.kind === "clustering") continue;',
    caughtBy:
      "INSERT INTO events (id, at, u) VALUES (50554d6e-29bb-11e5-b345-feff819cdc9f, 'now', 6f1b1c2e-1111-4222-8333-444455556666)",
  },
  {
    name: "elements of sets are deleted unseen",
    file: PLAN,
    find: 'else if (type.kind === "set") examine(target.element, type.of, findings);',
    replace: 'else if (type.kind === "set") continue;',
    caughtBy: "DELETE seen['2026-01-02'] FROM times WHERE k = 1",
  },
  {
    name: "keys of maps are deleted unseen",
    file: PLAN,
    find: 'else if (type.kind === "map") examine(target.element, type.key, findings);',
    replace: 'else if (type.kind === "map") continue;',
    caughtBy: "DELETE by_time['2026-01-02'] FROM times WHERE k = 1",
  },
  {
    name: "keys of maps are set unseen",
    file: ASSIGN,
    find: "examine(element, type.key, findings);",
    replace: "",
    caughtBy: "UPDATE times SET by_time['now'] = '10.0.0.1' WHERE k = 1",
  },
  {
    name: "fields are set unseen",
    file: ASSIGN,
    find: "examine(value, fieldType, findings);",
    replace: "",
    caughtBy: "UPDATE times SET open.host = 'localhost' WHERE k = 1",
  },
  {
    name: "elements are removed unseen",
    file: ASSIGN,
    find: "    value,\n    isRemoval && type.kind",
    replace: '    { ...value, kind: "null" } as Term,\n    isRemoval && type.kind',
    caughtBy: "UPDATE times SET seen = seen - {'now'} WHERE k = 1",
  },
  {
    name: "JSON is not looked at",
    file: PLAN,
    find: "judge: (text) => jsonRow(text, table, findings.keyspace, value),",
    replace: 'judge: () => "data",',
    caughtBy: "INSERT INTO colls JSON ? DEFAULT UNSET",
  },
  {
    name: "keys of JSON are not folded",
    file: JSON_TEXTS,
    find: "return isQuoted ? key.slice(1, -1) : key.toLowerCase();",
    replace: "return key;",
    caughtBy: 'INSERT INTO scalars JSON \'{"K": 1, "V": "a"}\'',
  },
  {
    name: "JSON in JSON is not looked at",
    file: JSON_TEXTS,
    find: 'return typeof json === "string" ? parse(json) : json;',
    replace: 'return typeof json === "string" ? [] : json;',
    caughtBy: "INSERT INTO colls JSON ?",
  },
  {
    name: "a list in JSON is a list of values",
    file: JSON_TEXTS,
    find: 'return Array.isArray(items) && items.length === 0 ? "tombstone" : listObjection("overwrite", name, at);',
    replace: 'return "data";',
    caughtBy: "INSERT INTO colls JSON ?",
  },
  {
    name: "texts in JSON are not looked at",
    file: JSON_TEXTS,
    find: 'return typeof json === "string" ? textObjection(json, type.name, at) : undefined;',
    replace: "return undefined;",
    caughtBy: "INSERT INTO scalars JSON ?",
  },
  {
    name: "keys in JSON are not looked at",
    file: JSON_TEXTS,
    find: "(jsonObjection(key, type.key, keyspace, at) ??",
    replace: "(undefined ??",
    caughtBy: "INSERT INTO colls JSON ?",
  },
  {
    name: "from_json is not looked at",
    file: ASSIGN,
    find: 'judge: (text) => (text === null ? "tombstone" : jsonColumn(text, column, findings.keyspace, marker)),',
    replace: 'judge: () => "tombstone",',
    caughtBy: "UPDATE colls SET l = from_json(?) WHERE k = ?",
  },
  {
    name: "from_json within a value is not looked at",
    file: TERMS,
    find: "findings.object(jsonTextObjection(argument.value, type, keyspace, argument));",
    replace: "",
    caughtBy: "UPDATE times SET by_time[0] = from_json('\"localhost\"') WHERE k = 1",
  },
  {
    name: "texts for custom types are taken",
    file: TERMS,
    find: '} else if (type.kind === "custom") {',
    replace: "} else if (false) {",
    caughtBy: "INSERT INTO custom (k, x) VALUES (1, 'a')",
  },
  {
    name: "every cell counts as a tombstone",
    file: SETTLE,
    find: 'const isData = writesData || findings.cells.some((part) => judge(part, lookup) === "data");',
    replace: "const isData = writesData;",
    caughtBy: "UPDATE scalars SET v = ?, ts = ? WHERE k = ?",
  },
  {
    name: "suspects are let go",
    file: SETTLE,
    find: 'if (typeof effect === "object") objection ??= effect;',
    replace: 'if (typeof effect === "object") continue;',
    caughtBy: "UPDATE wide SET sl = ? WHERE k = ?",
  },
  {
    name: "the best member of a batch counts",
    file: "decide.ts",
    find: "RANK[b.member.verdict] > RANK[a.member.verdict] ? b : a",
    replace: "RANK[b.member.verdict] < RANK[a.member.verdict] ? b : a",
    caughtBy:
      "BEGIN BATCH UPDATE scalars SET v = 'a' WHERE k = 1; UPDATE scalars SET ts = 'now' WHERE k = 1; APPLY BATCH",
  },
];
