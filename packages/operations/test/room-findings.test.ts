import { LANES, type QueueRoom } from "@helix/core";
import { toldError } from "@helix/core/internal";
import { expect, it } from "vitest";
import { doctor, type Operated, status } from "../src/index.ts";
import { pods, setUp } from "./rig.ts";

const DEAD: QueueRoom = {
  of: "dead-letters",
  lanes: LANES,
  unit: "messages",
  used: 880,
  messages: 880,
  capacity: 1000,
};

function operatedOf(
  { operated, queue }: ReturnType<typeof setUp>,
  room: () => Promise<QueueRoom[]>,
): Operated {
  const { deadLetters, traits } = queue;
  return { ...operated, queue: { depths: () => queue.depths(), deadLetters, traits, room } };
}

it("the doctor says what room is left, and when it is gone at the present rate: as the warnings of status have it", async () => {
  const world = setUp();
  const { worker } = pods(world)();
  for (let second = 0; second < 70; second++) {
    await world.write("B");
    worker.lanes["low.A"].dead += 2;
    await world.clock.advance(1000);
  }
  const operated = operatedOf(world, async () => [
    { of: "lanes", lanes: ["high.B"], unit: "messages", used: 8800, messages: 8800, capacity: 10_000 },
    { of: "lanes", lanes: LANES, unit: "messages", used: 79, messages: 79, capacity: 100 },
    DEAD,
  ]);
  const { findings, verdict } = await doctor(operated);
  expect(findings.filter(({ code }) => code === "nearly-full")).toEqual([
    {
      code: "nearly-full",
      harm: "loss",
      where: "lane high.B",
      what: "There are 8,800 of 10,000 messages (88 %); at the present rate it is full in about 20 min. Full, it takes nothing more, and what a cluster misses is not queued.",
      cure: "Find out why it does not drain (`status`), and give it more room.",
    },
    {
      code: "nearly-full",
      harm: "loss",
      where: "the dead letters",
      what: "There are 880 of 1,000 messages (88 %); at the present rate it is full in about 60 s. Full, what cannot be replayed stays in its lane.",
      cure: "Stop what makes them, then redrive or discard them; or give them more room.",
    },
  ]);
  expect(verdict).toBe(1);
  const { warnings } = await status(operated);
  expect(warnings.map(({ inMs }) => inMs)).toEqual([1_200_000, 60_000]);
});

it("status and doctor say that it is full, and not when it will be, where there is no room left", async () => {
  const world = setUp();
  const { worker } = pods(world)();
  for (let second = 0; second < 70; second++) {
    worker.lanes["low.A"].dead += 2;
    await world.clock.advance(1000);
  }
  const operated = operatedOf(world, async () => [{ ...DEAD, used: 1005, messages: 1005 }]);
  expect((await doctor(operated)).findings).toMatchObject([
    {
      what: "There are 1,005 of 1,000 messages (100 %). It is full: what cannot be replayed stays in its lane.",
    },
  ]);
  const [warning] = (await status(operated)).warnings;
  expect([warning?.sentence, warning?.inMs]).toEqual([
    "the dead letters: 1,005 of 1,000 messages (100 %); it is full: what cannot be replayed stays in its lane",
    undefined,
  ]);
});

it("the doctor says what is nearly full where nobody can tell how fast it grows", async () => {
  const world = setUp();
  const operated = operatedOf(world, async () => [DEAD]);
  const what = "There are 880 of 1,000 messages (88 %). Full, what cannot be replayed stays in its lane.";
  expect((await doctor(operated)).findings).toMatchObject([{ code: "nearly-full", what }]);
  const list = () => Promise.reject(toldError("away"));
  const { findings, unseen } = await doctor({ ...operated, control: { ...operated.control, list } as never });
  expect([findings, unseen]).toMatchObject([[{ what }], [{ what: "the pods" }]]);
});

it("the doctor does not say that there is room where it cannot see it", async () => {
  const room = () => Promise.reject(toldError("no right"));
  const { unseen, verdict } = await doctor(operatedOf(setUp(), room));
  expect([unseen, verdict]).toEqual([[{ what: "how full the queue is", why: "no right" }], 2]);
});
