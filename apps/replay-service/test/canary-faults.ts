import type { HelixClient } from "@helix/client";
import type { DeadLetterReason } from "@helix/core";
import type { ServerError } from "@helix/testkit";
import { CANARY, INSERT, PARAMS, QUOTED } from "./canary.ts";

/** What a server may answer to a write, quoting all that was bound. The last column: whether the write dies of it. */
export const ANSWERS: readonly [string, ServerError, DeadLetterReason | "applied"][] = [
  ["invalid", { code: "invalid", message: `Invalid value ${QUOTED}` }, "rejected"],
  ["a missing table", { code: "invalid", message: `table ks.canary does not exist ${QUOTED}` }, "attempts"],
  [
    "a missing column",
    { code: "invalid", message: `Undefined column name "${CANARY.key} x" in table ks.t` },
    "attempts",
  ],
  ["a guardrail", { code: "invalid", message: `Guardrail x violated: Value of ${QUOTED}` }, "attempts"],
  [
    "a syntax error",
    { code: "syntaxError", message: `line 1:5 no viable alternative at ${QUOTED}` },
    "rejected",
  ],
  ["no right", { code: "unauthorized", message: `User has no MODIFY permission on ${QUOTED}` }, "attempts"],
  ["a configuration error", { code: "configError", message: QUOTED }, "rejected"],
  ["a server error", { code: "serverError", message: `java.lang.Error: ${QUOTED}` }, "attempts"],
  ["a protocol error", { code: "protocolError", message: QUOTED }, "rejected"],
  ["an unknown code", { code: 0x7777, message: QUOTED }, "attempts"],
  ["a truncate error", { code: "truncateError", message: QUOTED }, "attempts"],
  ["overload", { code: "overloaded", message: QUOTED }, "applied"],
  ["bootstrapping", { code: "isBootstrapping", message: QUOTED }, "applied"],
  ["no replicas", { code: "unavailable", message: QUOTED, required: 2, alive: 1 }, "applied"],
  ["a full change log", { code: "cdcWriteFailure", message: QUOTED }, "applied"],
  [
    "a failing function",
    { code: "functionFailure", message: QUOTED, keyspace: "ks", functionName: "f", argTypes: ["text"] },
    "rejected",
  ],
];

/** What an execute function of somebody else may throw. */
export const THROWN: readonly [string, unknown][] = [
  ["a type error", new TypeError(`Not a valid value: ${QUOTED}`)],
  ["a plain error", new Error(QUOTED)],
  ["one that is rejected", Object.assign(new Error(QUOTED), { outcome: "rejected" })],
  ["one that is unavailable", Object.assign(new Error(QUOTED), { outcome: "unavailable" })],
  ["one of several", new AggregateError([new Error(QUOTED)], QUOTED, { cause: new Error(QUOTED) })],
  ["one whose name and code quote", Object.assign(new Error(QUOTED), { name: QUOTED, code: QUOTED })],
  ["a text", QUOTED],
  ["an object", { message: QUOTED, [QUOTED]: QUOTED }],
];

/** The values, but for one. */
export const param = (at: number, value: unknown) => PARAMS.with(at, value);
const unbindable = Symbol(CANARY.text);

/** Calls that are refused, or fail, with an error of ours. */
export const MISTAKES: readonly [string, (client: HelixClient) => unknown][] = [
  ["a text for a bigint", (client) => client.execute(INSERT, param(2, CANARY.text))],
  ["a number for a text", (client) => client.execute(INSERT, param(0, Number(CANARY.number)))],
  ["a text for a blob", (client) => client.execute(INSERT, param(1, CANARY.blob.toString()))],
  ["a text for a uuid", (client) => client.execute(INSERT, param(3, `${CANARY.uuid}0`))],
  [
    "a symbol for a value of a map",
    (client) => client.execute(INSERT, param(4, { [CANARY.key]: unbindable })),
  ],
  ["a number for a value of a map", (client) => client.execute(INSERT, param(4, { [CANARY.key]: 7 }))],
  ["a key of a Map", (client) => client.execute(INSERT, param(4, new Map([[unbindable, CANARY.key]])))],
  ["an element of a set", (client) => client.execute(INSERT, param(5, [CANARY.element, 7]))],
  ["a null in a set", (client) => client.execute(INSERT, param(5, [CANARY.element, null]))],
  ["half a surrogate pair", (client) => client.execute(INSERT, param(0, `${CANARY.text}\ud800`))],
  ["a value that contains itself", (client) => client.execute(INSERT, param(4, ownParent()))],
  ["a boxed value", (client) => client.execute(INSERT, param(0, Object(CANARY.text)))],
  ["an object that calls itself otherwise", (client) => client.execute(INSERT, param(0, impostor()))],
  ["too few values", (client) => client.execute(INSERT, PARAMS.slice(1))],
  ["named parameters of other names", (client) => client.execute(named, { [CANARY.parameter]: CANARY.text })],
  ["a symbol under a name", (client) => client.execute(named, { id: "1", [CANARY.parameter]: unbindable })],
  [
    "a name that is half a pair",
    (client) => client.execute(named, { id: "1", [`${CANARY.parameter}\ud800`]: 1 }),
  ],
  ["a literal in what is no CQL", (client) => client.execute(`INSERT INTO ks.canary '${CANARY.literal}'`)],
  [
    "a literal that is evaluated",
    (client) => client.execute(`INSERT INTO ks.canary (id) VALUES (now('${CANARY.literal}'))`),
  ],
  ["a literal of JSON", (client) => client.execute(`INSERT INTO ks.canary JSON '{"id": ${CANARY.json}'`)],
  [
    "a literal of a list",
    (client) => client.execute(`UPDATE ks.canary SET x = x + ['${CANARY.literal}'] WHERE id = ''`),
  ],
  [
    "a literal in a condition",
    (client) => client.execute(`UPDATE ks.canary SET l = '1' WHERE id = '' IF l = '${CANARY.literal}'`),
  ],
  [
    "a literal in a TTL",
    (client) => client.execute(`INSERT INTO ks.canary (id) VALUES ('') USING TTL ${CANARY.number}`),
  ],
  ["a text instead of options", (client) => client.execute(INSERT, PARAMS, CANARY.text as never)],
  ["a number instead of a statement", (client) => client.execute(Number(CANARY.number) as never, PARAMS)],
  ["a text instead of parameters", (client) => client.execute(INSERT, CANARY.text as never)],
  ["a batch with a bad value", (client) => client.batch([{ query: INSERT, params: param(2, CANARY.text) }])],
  ["a batch of values", (client) => client.batch([PARAMS as never])],
  [
    "a batch with no statement",
    (client) => client.batch([{ query: Number(CANARY.number) as never, params: PARAMS }]),
  ],
];
const named = "INSERT INTO ks.canary (id) VALUES (:id)";

function ownParent(): object {
  const parent: Record<string, unknown> = {};
  parent[CANARY.key] = parent;
  return parent;
}

/** Whose class is called by a value. */
function impostor(): object {
  const Class = class {};
  Object.defineProperty(Class, "name", { value: CANARY.text });
  return Object.assign(new Class(), {
    constructor: { name: CANARY.text },
    [Symbol.iterator]: 1,
    toBuffer: () => 1,
  });
}
