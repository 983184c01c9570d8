import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import type { Link } from "../connection/link.ts";
import type { Outbox } from "../connection/outbox.ts";
import { Delays } from "./delays.ts";
import { Hastening } from "./hastening.ts";

function start() {
  const clock = new ManualClock();
  const link = { isUp: true };
  const sent: string[] = [];
  const delays = new Delays(clock);
  const outbox = { publish: (reply: string, verb: string) => sent.push(`${reply} ${verb}`) };
  const hastening = new Hastening({ link: link as Link, outbox: outbox as unknown as Outbox, clock, delays });
  const handBack = (word: string, reply: string, delayMs: number) =>
    hastening.add("high.A", word, reply, delays.add("high.A", delayMs));
  return { clock, link, sent, delays, hastening, handBack };
}

it("what was handed back by a word is handed back once more, without a delay, and delayed no more", () => {
  const { sent, delays, hastening, handBack } = start();
  handBack("t", "a", 60_000);
  handBack("u", "b", 60_000);
  expect(hastening.hasten("low.A", "t")).toBe(0);
  expect(hastening.hasten("high.A", "t")).toBe(1);
  expect(sent).toEqual(["a -NAK"]);
  expect(delays.count("high.A")).toBe(1);
  expect(hastening.hasten("high.A", "t")).toBe(0);
});

it("what is due within a second is left alone: it may be in somebody's hand", async () => {
  const { clock, sent, delays, hastening, handBack } = start();
  handBack("t", "a", 1500);
  await clock.advance(500);
  expect(hastening.hasten("high.A", "t")).toBe(0);
  expect(sent).toEqual([]);
  expect(delays.count("high.A")).toBe(1);
});

it("of more than 10,000 of a lane the first are forgotten, and so is what is due", async () => {
  const { clock, sent, hastening, handBack } = start();
  for (let at = 0; at < 10_100; at++) handBack("t", String(at), 60_000);
  expect(hastening.hasten("high.A", "t")).toBe(10_000);
  expect(sent[0]).toBe("100 -NAK");
  handBack("t", "due", 2000);
  await clock.advance(3000);
  handBack("t", "next", 60_000);
  expect(hastening.hasten("high.A", "t")).toBe(1);
});

it("while there is no connection nothing is hastened, and nothing is forgotten", () => {
  const { link, sent, hastening, handBack } = start();
  handBack("t", "a", 60_000);
  link.isUp = false;
  expect(hastening.hasten("high.A", "t")).toBe(0);
  link.isUp = true;
  expect(hastening.hasten("high.A", "t")).toBe(1);
  expect(sent).toHaveLength(1);
});
