import { type Endpoint, IDEMPOTENCY_KEY } from "@helix/admin-api";
import { z } from "zod";
import { apiRefusal } from "./api-refusal.ts";

/** As it came. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** As its endpoint describes it. */
export interface ReadRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Of a change. */
  readonly key: string | undefined;
}

const KEY = z.object({ "idempotency-key": IDEMPOTENCY_KEY });
const NOTHING = z.strictObject({});

/** @throws ApiRefusal that names everything that is wrong at once, and quotes no value. */
export function readRequest(endpoint: Endpoint, raw: RawRequest): ReadRequest {
  const { params = NOTHING, query = NOTHING, body, isChange } = endpoint;
  const issues: { path: string; message: string }[] = [];
  const read = <T>(where: string, schema: z.ZodType<T>, value: unknown): T | undefined => {
    const { success, data, error } = schema.safeParse(value);
    if (success) return data;
    for (const { path, message } of error.issues) {
      issues.push({ path: [where, ...path].join(".").slice(0, 200), message: message.slice(0, 500) });
    }
    return undefined;
  };
  const result = {
    params: read("path", params, raw.params),
    query: read("query", query, fromTexts(query, raw.query)),
    body: body && read("body", body, raw.body),
    key: isChange ? read("header", KEY, raw.headers)?.["idempotency-key"] : undefined,
  };
  if (issues.length > 0) throw apiRefusal("HELIX_API_REQUEST_INVALID", { issues });
  return result;
}

/** Numbers, booleans and lists of a query, which has but texts. What is none stays as it is, and is refused then. */
function fromTexts(shape: z.ZodObject, query: unknown): unknown {
  return Object.fromEntries(
    Object.entries(Object(query)).map(([name, value]) => {
      const type = shape.shape[name];
      return [name, type instanceof z.ZodType && typeof value === "string" ? fromText(type, value) : value];
    }),
  );
}

function fromText(type: z.ZodType, text: string): unknown {
  if (type instanceof z.ZodOptional || type instanceof z.ZodDefault)
    return fromText(type.unwrap() as z.ZodType, text);
  if (type instanceof z.ZodNumber) return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
  if (type instanceof z.ZodBoolean) return text === "true" ? true : text === "false" ? false : text;
  return type instanceof z.ZodArray ? text.split(",") : text;
}
