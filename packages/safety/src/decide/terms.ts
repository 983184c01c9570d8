import { nativeFunction } from "../cql/functions.ts";
import type { Call, Term } from "../cql/syntax.ts";
import type { CqlType } from "../schema/cql-type.ts";
import type { KeyspaceSchema } from "../schema/schema.ts";
import type { Findings } from "./findings.ts";
import { argumentOf } from "./functions.ts";
import { jsonTextObjection } from "./json.ts";
import { type Objection, refused } from "./objection.ts";
import { functionObjection, notUnderstood } from "./reasons.ts";
import { textObjection } from "./server-evaluated.ts";
import { fieldOf, isObjection, userTypeOf } from "./types.ts";

/**
 * Looks for what is not the same twice in a value: literals that the server evaluates, by the type that is due at their place, and
 * functions. `undefined` for a type that cannot be told.
 */
export function examine(term: Term, type: CqlType | undefined, findings: Findings): void {
  switch (term.kind) {
    case "text":
      examineText(term, type, findings);
      return;
    case "list":
      if (type?.kind === "list" && term.marker !== undefined)
        findings.object(notUnderstood("a marker in a list", term.marker));
      examineItems(term, type, findings);
      return;
    case "set":
    case "tuple":
      examineItems(term, type, findings);
      return;
    case "map":
      for (const { key, value } of term.entries) {
        examine(key, type?.kind === "map" ? type.key : undefined, findings);
        examine(value, type?.kind === "map" ? type.value : undefined, findings);
      }
      return;
    case "fields":
      examineFields(term, type, findings);
      return;
    case "call":
      examineCall(term, type, findings);
      return;
    case "cast":
      examine(term.term, castArgument(term.type), findings);
      return;
    case "hint":
      // The server reads the value by the type that is due, and checks it by that of the hint.
      examine(term.term, term.type, findings);
      if (type !== undefined) examine(term.term, type, findings);
      return;
    case "arithmetic":
      examine(term.left, type, findings);
      examine(term.right, type, findings);
      return;
    case "negation":
      examine(term.term, type, findings);
      return;
    default:
  }
}

function examineItems(
  term: Term & { kind: "list" | "set" | "tuple" },
  type: CqlType | undefined,
  findings: Findings,
): void {
  for (const [index, item] of term.items.entries()) examine(item, itemType(term.kind, type, index), findings);
}

function examineText(term: Term & { kind: "text" }, type: CqlType | undefined, findings: Findings): void {
  if (type === undefined) {
    findings.object(textObjection(term.value, "timestamp", term) ?? textObjection(term.value, "inet", term));
  } else if (type.kind === "native") {
    findings.object(textObjection(term.value, type.name, term));
  } else if (type.kind === "custom") {
    findings.object(
      refused(term, "a text for a custom type", `What a server makes of it is known to ${type.name} alone.`),
    );
  }
}

/** What a text is taken for: a date is made from a timestamp, and a timestamp from a date. */
function castArgument(to: CqlType): CqlType | undefined {
  if (to.kind !== "native") return undefined;
  if (to.name === "date") return { kind: "native", name: "timestamp" };
  if (to.name === "timestamp") return { kind: "native", name: "date" };
  return to.name === "text" ? to : undefined;
}

function itemType(
  kind: "list" | "set" | "tuple",
  type: CqlType | undefined,
  index: number,
): CqlType | undefined {
  if (type?.kind === "tuple") return kind === "tuple" ? type.of[index] : undefined;
  if (type?.kind === "vector") return kind === "list" ? type.of : undefined;
  return type?.kind === kind ? (type as { of: CqlType }).of : undefined;
}

function examineFields(term: Term & { kind: "fields" }, type: CqlType | undefined, findings: Findings): void {
  const userType = type?.kind === "user" ? userTypeOf(findings.keyspace, type, term) : undefined;
  if (userType !== undefined && isObjection(userType)) {
    findings.object(userType);
    return;
  }
  for (const { field, value } of term.fields) {
    const fieldType = userType && fieldOf(userType, field.name, field);
    if (fieldType !== undefined && isObjection(fieldType)) findings.object(fieldType);
    else examine(value, fieldType, findings);
  }
}

function examineCall(call: Call, type: CqlType | undefined, findings: Findings): void {
  const name = call.name.name;
  const replaced = replacedFunction(call, findings.keyspace);
  if (replaced !== undefined) {
    findings.object(replaced);
    return;
  }
  if (isFromJson(call)) {
    examineFromJson(call, type, findings);
    return;
  }
  const native = nativeFunction(name);
  if (native === undefined || (native !== "pure" && call.args.length > 0)) {
    findings.object(functionObjection(name, call));
    return;
  }
  const argument = argumentOf(name);
  const argumentType = argument === "result" ? type : argument;
  for (const term of call.args) examine(term, argumentType, findings);
}

/** A name without `system.` is looked for in the keyspace of the table first. */
export function replacedFunction(call: Call, { functions }: KeyspaceSchema): Objection | undefined {
  const isReplaced =
    call.keyspace === undefined ? functions.has(call.name.name) : call.keyspace.name !== "system";
  return isReplaced ? functionObjection(call.name.name, call) : undefined;
}

export function isFromJson(call: Call): boolean {
  return call.name.name === "from_json" || call.name.name === "fromjson";
}

/** Within another value, where nothing has cells of its own. */
function examineFromJson(call: Call, type: CqlType | undefined, findings: Findings): void {
  const [argument, ...others] = call.args;
  const { keyspace } = findings;
  if (argument === undefined || others.length > 0 || type === undefined) {
    findings.object(notUnderstood("from_json in this place", call));
  } else if (argument.kind === "text") {
    findings.object(jsonTextObjection(argument.value, type, keyspace, argument));
  } else if (argument.kind === "marker") {
    findings.suspects.push({
      marker: argument,
      name: FROM_JSON_MARKER,
      judge: (value) =>
        (value === null ? undefined : jsonTextObjection(value, type, keyspace, argument)) ?? "nothing",
    });
  } else {
    findings.object(notUnderstood("from_json of a computed text", call));
  }
}

/** What the server calls a `?` there, however the function is written. */
export const FROM_JSON_MARKER = "arg0(system.fromjson)";
