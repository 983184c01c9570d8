import { describe, expect, it } from "vitest";
import { Progress } from "./progress.ts";

/** Progress of B in steps of two seconds, and what it says. */
class Story {
  readonly progress = new Progress("B");
  readonly lines: string[] = [];
  readonly levels: string[] = [];
  readonly fields: object[] = [];
  nowMs = 0;
  looks = 0;
  left: number | undefined = 0;

  applied(count: number, lagMs = 1000): this {
    for (let n = 0; n < count; n++) this.progress.applied(this.nowMs, lagMs);
    return this;
  }

  breaker(isOpen: boolean): this {
    this.progress.breaker(isOpen, this.nowMs);
    return this;
  }

  holds(inHand: number): this {
    this.progress.holds(inHand);
    return this;
  }

  /** @param step Done in each of the steps, with what is left by then. */
  pass(ms: number, step: () => void = () => {}): this {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      this.nowMs += 2000;
      step();
      if (!this.progress.wantsLook(this.nowMs)) continue;
      this.looks++;
      const line = this.progress.look(this.left, this.nowMs);
      if (line === undefined) continue;
      this.lines.push(line.sentence);
      this.levels.push(line.level);
      this.fields.push(line.fields);
    }
    return this;
  }
}

describe("the progress of a cluster", () => {
  it("is told once a minute while there is work: what was done in it, what is left, how fast, and for how long", () => {
    const story = new Story().holds(128).applied(1);
    story.left = 100_000;
    story.pass(118_000, () => {
      story.applied(1000);
      story.left = (story.left ?? 0) - 1000;
    });
    expect(story.lines).toEqual(["B: 30,001 applied, 70,000 left, 500/s, done in 140 s"]);
    expect(story.fields).toEqual([
      { cluster: "B", applied: 30_001, dead: 0, failed: 0, left: 70_000, perSecond: 500, doneInMs: 140_000 },
    ]);
    story.pass(2000);
    expect(story.lines[1]).toBe("B: 29,000 applied, 41,000 left, 483/s, done in 85 s");
    expect(story.looks).toBeLessThanOrEqual(4);
  });

  it("says growing where more comes than goes, and counts on what other workers do", () => {
    const story = new Story().holds(128).applied(1);
    story.left = 1000;
    story.pass(60_000, () => {
      story.applied(10);
      story.left = (story.left ?? 0) + 10;
    });
    expect(story.lines).toEqual(["B: 301 applied, 1,300 left, 5/s, growing"]);
    // Of five workers.
    story.pass(60_000, () => {
      story.applied(10);
      story.left = (story.left ?? 0) - 40;
    });
    expect(story.lines[1]).toBe("B: 300 applied, 100 left, 5/s, done in 5 s");
  });

  it("says that a cluster is suspended or paused instead of a time, ever more rarely, and is a warning then", () => {
    const story = new Story().breaker(true);
    story.left = 18_400;
    story.pass(900_000);
    expect(story.lines).toEqual([
      "B: suspended for 60 s, 0 applied, 18,400 left",
      "B: suspended for 3 min, 0 applied, 18,400 left",
      "B: suspended for 7 min, 0 applied, 18,400 left",
      "B: suspended for 15 min, 0 applied, 18,400 left",
    ]);
    story.breaker(false).progress.paused("a migration");
    story.applied(1).pass(600_000);
    expect(story.lines[4]).toBe("B: paused (a migration), 1 applied, 18,400 left");
    expect(new Set(story.levels)).toEqual(new Set(["warn"]));
  });

  it("foretells nothing while more executions fail than succeed", () => {
    const story = new Story().holds(128).applied(1);
    story.left = 20_000;
    story.pass(60_000, () => {
      story.applied(1);
      for (let n = 0; n < 60; n++) story.progress.failed(story.nowMs);
      story.left = (story.left ?? 0) - 1;
    });
    expect(story.lines).toEqual(["B: 31 applied, 1,800 failed and tried again, 19,970 left, 0.5/s"]);
  });

  it("counts a rate from the end of an outage, not from before it", () => {
    const story = new Story().holds(10).applied(1).breaker(true);
    story.left = 1000;
    story.pass(40_000, () => {
      story.left = (story.left ?? 0) + 1000;
    });
    story.breaker(false).pass(20_000, () => {
      story.applied(1000);
      story.left = (story.left ?? 0) - 1000;
    });
    expect(story.lines).toEqual(["B: 10,001 applied, 11,000 left, 500/s, done in 22 s"]);
  });

  it("sums an outage up within ten seconds or so of its last message, with the longest lag", () => {
    const story = new Story().holds(128).breaker(true);
    story.left = 25_916;
    story.pass(62_000).breaker(false);
    for (let n = 0; n < 16; n++) story.applied(1600, n === 7 ? 81_000 : 70_000).pass(2000);
    story.applied(316).holds(0).left = 0;
    story.progress.dead(story.nowMs);
    story.pass(14_000);
    expect(story.lines.at(-1)).toBe("outage of B 62 s: 25,916 replayed, 1 dead, longest lag 81 s");
    expect(story.fields.at(-1)).toEqual({
      cluster: "B",
      applied: 25_916,
      dead: 1,
      outages: 1,
      outageMs: 62_000,
      longestLagMs: 81_000,
    });
    expect(story.progress.isAtWork).toBe(false);
  });

  it("sums an outage of a single message up, which is in hand no more at the first look", () => {
    const story = new Story().breaker(true).pass(4000).breaker(false).applied(1).pass(14_000);
    expect(story.lines).toEqual(["outage of B 4 s: 1 replayed, 0 dead, longest lag 1 s"]);
  });

  it("sums several outages up as several, and what was no outage as none", () => {
    const story = new Story().holds(1);
    story.left = 100;
    for (let outage = 0; outage < 3; outage++) {
      story.breaker(true).pass(20_000).breaker(false).applied(30).pass(4000);
    }
    story.holds(0).left = 0;
    story.pass(14_000);
    expect(story.lines.at(-1)).toBe("3 outages of B, 60 s in all: 90 replayed, 0 dead, longest lag 1 s");
    story.applied(3, 250).pass(60_000);
    expect(story.lines.at(-1)).toBe("B is drained: 3 replayed, 0 dead, longest lag 0.3 s");
  });

  it("is not over while something is in hand, or in somebody else's, or waits to be tried again", () => {
    const story = new Story().breaker(true).pass(2000).breaker(false).applied(1).holds(1);
    story.pass(40_000);
    expect(story.progress.isAtWork).toBe(true);
    story.holds(0).left = 1;
    story.pass(40_000);
    expect(story.progress.isAtWork).toBe(true);
    story.left = 0;
    story.pass(12_000);
    expect([story.progress.isAtWork, story.lines.at(-1)]).toEqual([
      false,
      "outage of B 2 s: 1 replayed, 0 dead, longest lag 1 s",
    ]);
  });

  it("says nothing of what is left where the queue does not, and goes on", () => {
    const story = new Story().holds(1).applied(10);
    story.left = undefined;
    story.pass(60_000);
    expect(story.lines).toEqual(["B: 10 applied, what is left is not known"]);
  });

  it("is told in part where the worker stops, and nothing where it had nothing to tell", () => {
    const story = new Story().breaker(true).pass(30_000).applied(1200, 500);
    expect(story.progress.stopped(story.nowMs)).toMatchObject({
      sentence: "B: 1,200 replayed, 0 dead, longest lag 0.5 s until the worker stopped",
      fields: { outages: 1, outageMs: 30_000 },
    });
    expect(story.progress.stopped(story.nowMs)).toBeUndefined();
    expect([story.progress.isAtWork, story.pass(600_000).lines]).toEqual([false, []]);
  });
});
