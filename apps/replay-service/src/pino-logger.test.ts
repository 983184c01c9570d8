import { helixError } from "@helix/core";
import { LoggableError } from "@helix/core/internal";
import { describe, expect, test } from "vitest";
import { strictJson } from "../test/strict-json.ts";
import { pinoLogger } from "./pino-logger.ts";

function logged(fields: object): Record<string, unknown> {
  const lines: string[] = [];
  pinoLogger("debug", { write: (line) => void lines.push(line) }).warn(fields, "the sentence");
  expect(lines).toHaveLength(1);
  return strictJson(lines[0] ?? "");
}

describe("a line of the log", () => {
  test("has each key once, whatever the fields are called", () => {
    const names = ["time", "level", "message", "msg", "name", "err", "pid", "hostname", "toJSON", "v"];
    const line = logged(Object.fromEntries(names.map((name) => [name, `a ${name}`])));
    expect(line).toMatchObject({ level: "warn", message: "the sentence", message_: "a message" });
    expect(line).toMatchObject({ level_: "a level", time_: "a time", msg: "a msg", name: "a name" });
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

  test("takes what a package has made of an error as it is", () => {
    const error = helixError("HELIX_QUEUE_CLOSED", "The queue is closed", {});
    const described = { name: "HelixError", code: "HELIX_QUEUE_CLOSED", text: "The queue is closed" };
    expect(logged({ error: new LoggableError(error) }).error).toEqual(described);
    expect(logged({ error }).error).toEqual(described);
  });
});
