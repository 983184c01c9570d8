import { helixError } from "@helix/core";
import { LoggableError } from "@helix/core/internal";
import { describe, expect, test } from "vitest";
import { strictJson } from "../test/strict-json.ts";
import { pinoLogger } from "./pino-logger.ts";

function logged(fields: object): Record<string, unknown> {
  const lines: string[] = [];
  const base = { pod: "pod-1", version: "1.2.3" };
  pinoLogger("debug", { write: (line) => void lines.push(line) }, base).warn(fields, "the sentence");
  expect(lines).toHaveLength(1);
  return strictJson(lines[0] ?? "");
}

describe("a line of the log", () => {
  test("has each key once, whatever the fields are called", () => {
    const names = ["time", "level", "message", "msg", "name", "err", "pid", "hostname", "toJSON", "v", "pod"];
    const line = logged(Object.fromEntries(names.map((name) => [name, `a ${name}`])));
    expect(line).toMatchObject({ level: "warn", message: "the sentence", message_: "a message" });
    expect(line).toMatchObject({ level_: "a level", time_: "a time", msg: "a msg", name: "a name" });
    expect(line).toMatchObject({ pod: "pod-1", pod_: "a pod", version: "1.2.3" });
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test("is read by a control that refuses a key that is there twice", () => {
    expect(() => strictJson('{"message":"id","a":{"message":"\\"}"},"message":"text"}')).toThrow(
      'The key "message" is there twice',
    );
    expect(strictJson('{"a":[{"b":1},{"b":2}],"c":{"a":{}}}')).toEqual({
      a: [{ b: 1 }, { b: 2 }],
      c: { a: {} },
    });
  });

  test.each(["err", "error", "cause", "fault"])("describes the error that stands in `%s`", (field) => {
    const line = logged({ [field]: new TypeError("canary") });
    expect(line[field === "err" ? "error" : field]).toEqual({ name: "TypeError", text: "TypeError" });
  });

  test("is bounded, whatever a name, an error or what it carries is", () => {
    const long = "x".repeat(1_000_000);
    const drift = helixError("HELIX_TOPOLOGY_DRIFT", long, {
      differences: Array(1_000).fill({ found: long }),
    });
    const line = JSON.stringify(logged({ table: long, error: drift, [long]: long }));
    expect(line.length).toBeLessThan(12_000);
    expect(line).toContain("(1000000 characters)");
  });

  test("takes what a package has made of an error as it is", () => {
    const error = helixError("HELIX_QUEUE_CLOSED", "The queue is closed", {});
    const described = { name: "HelixError", code: "HELIX_QUEUE_CLOSED", text: "The queue is closed" };
    expect(logged({ error: new LoggableError(error) }).error).toEqual(described);
    expect(logged({ error }).error).toEqual(described);
  });
});
