import type { Metrics } from "@helix/core";
import type { StreamInfo } from "@nats-io/jetstream";
import { expect, it } from "vitest";
import { namesOf, subjectOf } from "../topology/names.ts";
import { Strays, type StraysOptions } from "./strays.ts";

const names = namesOf({ streamName: "helix-replay", subjectPrefix: "helix.replay" });
const lane = subjectOf(names, "high.B");

function infoOf(messages: number, subjects: Readonly<Record<string, number>>) {
  return { state: { messages, subjects } } as unknown as StreamInfo;
}

/** Looks at each of these in turn; what lies in the stream is `held`. */
async function told(held: Readonly<Record<string, number>>, looks: readonly StreamInfo[]) {
  const lines: unknown[] = [];
  const note = (fields: unknown) => void lines.push(fields);
  const logger = { debug: note, info: note, warn: note, error: note };
  const admin = {
    request: async (ask: (api: unknown) => unknown) =>
      ask({ streams: { info: async () => infoOf(0, held) } }),
  } as unknown as StraysOptions["admin"];
  const metrics = { gauge() {} } as unknown as Metrics;
  const strays = new Strays({ admin, names, logger, metrics });
  const counts: number[] = [];
  for (const look of looks) counts.push(await strays.counted(look));
  return { counts, lines };
}

it("nobody is told of messages in no lane where the server counts while messages come and go", async () => {
  const looks = [infoOf(100, { [lane]: 95 }), infoOf(95, { [lane]: 103 }), infoOf(90, { [lane]: 90 })];
  expect(await told({ [lane]: 90 }, looks)).toEqual({ counts: [0, 0, 0], lines: [] });
});

it("messages in no lane are counted to the last, and told of once, where the server counts while messages come and go", async () => {
  const looks = [infoOf(100, { [lane]: 95 }), infoOf(95, { [lane]: 103 }), infoOf(93, { [lane]: 90 })];
  expect(await told({ [lane]: 90, "helix.replay.other": 2, other: 1 }, looks)).toEqual({
    counts: [3, 3, 3],
    lines: [{ stream: "helix-replay", count: 3 }],
  });
});
