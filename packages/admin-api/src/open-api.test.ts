import { DEAD_LETTER_FILTER } from "@helix/core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { ENDPOINTS, type Endpoint } from "./endpoints.ts";
import { openApiDocument } from "./open-api.ts";

test("the description of the API is valid OpenAPI 3.1, and one without answers is not", async () => {
  const validator = new Validator();
  expect(await validator.validate(openApiDocument())).toMatchObject({ valid: true });
  expect(validator.version).toBe("3.1");
  const { paths, ...rest } = openApiDocument() as { paths: Record<string, Record<string, object>> };
  const broken = { ...rest, paths: { ...paths, "/v1/status": { get: { responses: "none" } } } };
  expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
});

test("every endpoint is in it once, and every condition of a filter is a parameter of the pages", () => {
  const { paths } = openApiDocument() as {
    paths: Record<string, Record<string, { operationId: string; parameters?: { name: string }[] }>>;
  };
  const ids = Object.values(paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
  expect(ids.toSorted()).toEqual(Object.keys(ENDPOINTS).toSorted());
  const names = paths["/v1/dead-letters"]?.get?.parameters?.map(({ name }) => name);
  expect(names).toEqual([...Object.keys(DEAD_LETTER_FILTER), "limit", "cursor"]);
});

test("no endpoint takes a statement, a stream, a subject, an address or a path", () => {
  const taken = Object.values<Endpoint>(ENDPOINTS).flatMap(({ params, query, body }) =>
    [params, query, body].flatMap((one) => Object.keys((one as typeof params)?.shape ?? {})),
  );
  const known = ["id", "cluster", "by", "why", "untilMs", "revision", "limit", "cursor", "perSecond"];
  known.push("verb", "filter", "all", "expect", "stages", "stageWaitMs", "stageMaxDiedAgain");
  const others = new Set(
    taken.filter((one) => !known.includes(one) && !Object.hasOwn(DEAD_LETTER_FILTER, one)),
  );
  expect([...others]).toEqual([]);
});
