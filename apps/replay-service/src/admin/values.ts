import type { AnswerOf } from "@helix/admin-api";
import type { DeadLetter } from "@helix/core";
import { statementsOf } from "@helix/core";
import { valueKind } from "@helix/core/internal";

/** The statements of a dead letter with all that was bound to them; of what is no payload, its bytes. */
export function valuesOf({ content }: DeadLetter): Pick<AnswerOf<"deadLetterValues">, "statements" | "raw"> {
  if (!content.ok) return { raw: Buffer.from(content.raw).toString("base64") };
  return {
    statements: statementsOf(content.payload).map(({ query, params }) => ({
      query,
      params: Array.isArray(params)
        ? params.map(jsonOf)
        : Object.fromEntries(Object.entries(params).map(([name, value]) => [name, jsonOf(value)])),
    })),
  };
}

/** A value that was bound, as JSON: what that has no word for is `{ type, value }`. */
function jsonOf(value: unknown): unknown {
  const kind = valueKind(value);
  const typed = (inJson: unknown) => ({ type: kind, value: inJson });
  switch (kind) {
    case "null":
    case "boolean":
    case "string":
      return value;
    case "number":
      // JSON has no NaN, no infinity, and loses the sign of -0.
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : typed(Object.is(value, -0) ? "-0" : String(value));
    case "undefined":
    case "unset":
      return { type: "unset" };
    case "buffer":
      return typed((value as Buffer).toString("base64"));
    case "date":
      return typed((value as Date).toISOString());
    case "array":
      return (value as unknown[]).map(jsonOf);
    case "set":
      return typed([...(value as Set<unknown>)].map(jsonOf));
    case "map":
      return typed([...(value as Map<unknown, unknown>)].map((entry) => entry.map(jsonOf)));
    case "float32Array":
    case "vector":
      return typed(Array.from(value as Iterable<unknown>, jsonOf));
    case "tuple":
      return typed((value as { elements: unknown[] }).elements.map(jsonOf));
    case "object":
      return typed(
        Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, jsonOf(one)])),
      );
    default:
      return typed(String(value));
  }
}
