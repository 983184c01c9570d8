import { z } from "zod";
import { ENDPOINTS, type Endpoint } from "./endpoints.ts";
import { API_ERRORS, apiError, PASSED_ON } from "./errors.ts";

type Json = Record<string, unknown>;

/** Of a change: by it a repeat is known, and not made twice. */
export const IDEMPOTENCY_KEY = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/)
  .describe(
    "Another one for each change: a repeat with the same key is answered as the first, and not made twice.",
  );

/** The description of the API, as OpenAPI 3.1 has it. */
export function openApiDocument(): Json {
  const schemas: Json = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output"): Json => {
    const {
      $schema: _,
      $defs,
      ...json
    } = z.toJSONSchema(schema, { io, reused: "inline", unrepresentable: "any" });
    for (const [name, one] of Object.entries($defs ?? {})) {
      const { id: _id, ...rest } = one;
      schemas[name] = withRefs(rest);
    }
    return withRefs(json) as Json;
  };
  const paths: Record<string, Json> = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    const path = paths[endpoint.path] ?? {};
    paths[endpoint.path] = path;
    path[endpoint.method.toLowerCase()] = operation(name, endpoint, schemaOf);
  }
  schemaOf(apiError, "output");
  return {
    openapi: "3.1.0",
    info: {
      title: "Helix replay service, admin API",
      version: "v1",
      description: `Errors have one shape; by \`error.code\`:\n\n${errorTable()}`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:8081", description: "A pod, from within it" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1))),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function operation(
  name: string,
  { right, isChange, about, params, query, body, answer }: Endpoint,
  schemaOf: (schema: z.ZodType, io: "input" | "output") => Json,
): Json {
  const parameters = [
    ...parametersOf("path", params, schemaOf),
    ...parametersOf("query", query, schemaOf),
    ...(isChange ? parametersOf("header", z.object({ "Idempotency-Key": IDEMPOTENCY_KEY }), schemaOf) : []),
  ];
  return {
    operationId: name,
    summary: about,
    description: `Needs the right \`${right}\`.`,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(body, "input") } } },
    }),
    responses: {
      "200": {
        description: "Done.",
        content: { "application/json": { schema: schemaOf(answer, "output") } },
      },
      default: {
        description: "Refused, or failed.",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function parametersOf(
  where: "path" | "query" | "header",
  shape: z.ZodObject | undefined,
  schemaOf: (schema: z.ZodType, io: "input" | "output") => Json,
): Json[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(shape, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    // A list has commas between its items.
    ...(schema.type === "array" && { style: "form", explode: false }),
    schema,
  }));
}

/** Where components lie in OpenAPI. */
function withRefs(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function errorTable(): string {
  const rows = Object.entries(API_ERRORS).map(
    ([code, [status, about]]) => `| \`${code}\` | ${status} | ${about} |`,
  );
  const passedOn = Object.entries(PASSED_ON).map(([code, status]) => `| \`${code}\` | ${status} | |`);
  return ["| code | status | |", "|---|---|---|", ...rows, ...passedOn].join("\n");
}
