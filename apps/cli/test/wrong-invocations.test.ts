import { beforeAll, expect, it } from "vitest";
import { Rig } from "./rig.ts";

/** What is typed, what is said of it, and what to type instead. */
const WRONG: readonly (readonly [string, string | RegExp, string])[] = [
  ["", "Usage: helix", "status"],
  ["statsu", "Unknown command 'statsu'", "status"],
  ["status now", "Too many arguments", "helix status"],
  ["status --wach", "Unknown option '--wach'", "--watch"],
  ["status --watch --every 0", "whole number from 1 to 3600", "helix status"],
  ["status --every never", "whole number from 1 to 3600", "helix status"],
  ["status --nats", "argument missing", "helix --help"],
  ["pause", "Required option '--reason <text>'", "helix pause B --reason"],
  ["pause B", "Required option '--reason <text>' not specified", 'helix pause B --reason "schema change"'],
  ["pause B --reason", "argument missing", "helix pause B --reason"],
  ['pause B --reason ""', "Expected 1 to 500 characters", "helix pause B --reason"],
  ['pause B --reason " "', "Expected 1 to 500 characters", "helix pause B --reason"],
  [`pause B --reason ${"x".repeat(501)}`, "Expected 1 to 500 characters", "helix pause B --reason"],
  ["pause C --reason x", 'There is no cluster "C": there are A and B (north)', "helix pause A --reason"],
  ["pause A B --reason x", "Too many arguments", "helix pause B --reason"],
  ["pause south --reason x", "There is no cluster", "helix pause B --reason"],
  ["pause B --reason x --until 14:00", "Expected --until to be a time to come", "--until 14:00Z"],
  ["pause B --reason x --until yesterday", "Expected --until to be a time to come", "--until 90m"],
  ["pause B --reason x --until 2020-01-01T00:00Z", "Expected --until to be a time to come", "--until 90m"],
  ["pause B --reason x --until 0s", "Expected --until to be a time to come", "--until 90m"],
  ["pause B --reason x --until 2026-11-29", "Expected --until to be a time to come", "--until 90m"],
  [`pause B --reason x --by ${"x".repeat(201)}`, "Expected `by` to be a text of 1 to 200", "helix"],
  ["resume B", "Required option '--reason <text>'", "helix resume B --reason"],
  ["resume B --reason x --until 2h", "Unknown option '--until'", "helix resume B --reason"],
  ["drain --reason x", "Missing required argument 'cluster'", "helix drain B --reason"],
  ["undrain north", "Required option '--reason <text>'", "helix undrain B --reason"],
  ["dead", "Usage: helix dead", "groups"],
  ["dead lst", "Unknown command 'lst'", "helix --help"],
  ["dead list --limit 1000", "whole number from 1 to 200", "helix dead list"],
  ["dead list --cluster C", "Allowed choices are A, B", "helix dead list"],
  ["dead list --cause boredom", "Allowed choices are rejected", "helix dead list"],
  ["dead list --older-than 2", "Expected --older-than to be a span such as 90s", "helix"],
  ["dead list --died-since 14:00", "Expected --died-since to be a time such as 2h (ago)", "helix"],
  ["dead list --died-since 1h --died-until 2h", "later than `diedSinceMs`", "helix"],
  ["dead list --older-than 2h --younger-than 1h", "at least `olderThanMs`", "helix"],
  ["dead list --cursor yesterday", "cursor", "helix"],
  ["dead groups --table", "argument missing", "helix dead groups"],
  ["dead show", "Missing required argument 'id'", "helix dead show"],
  ["setup --update", "There is no terminal to ask", "helix setup --update --yes"],
  ["lint", "Missing required argument 'files'", "helix lint"],
  ["lint /nowhere.cql", "Expected the path of a file that can be read", "helix lint statements.cql"],
  ["lint package.json --schema package.json", "Expected --schema to be a file of CREATE statements", "helix"],
];

let rig: Rig;
let before: string;
beforeAll(async () => {
  rig = new Rig();
  await rig.bury(3);
  before = await stateOf();
});

async function stateOf(): Promise<string> {
  const { clusters } = JSON.parse((await rig.type("status --json")).out);
  const { out: letters } = await rig.type("dead list --json");
  return JSON.stringify([clusters.A.gate, clusters.B.gate, JSON.parse(letters)]);
}

it.each(WRONG)("`helix %s` ends with 2, says what to type, and changes nothing", async (line, said, type) => {
  const { exit, out, err } = await rig.type(line);
  expect({ exit, out }).toEqual({ exit: 2, out: "" });
  expect(err).toMatch(said instanceof RegExp ? said : new RegExp(escaped(said), "i"));
  expect(err).toContain(type);
  expect(await stateOf()).toBe(before);
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
