import { describe, expect, test } from "vitest";
import { isHelixError } from "../errors.ts";
import { MessageLife, settled } from "./message-life.ts";
import { settledAlready } from "./settlement-input.ts";

/** What a promise comes to: `done`, the code of its error, or its text. */
function endOf(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => "done",
    (error: Error) => (isHelixError(error) ? error.code : error.message),
  );
}

function deferred() {
  let resolve = () => {};
  let reject = (_: Error) => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const SETTLED = "HELIX_MESSAGE_SETTLED";
const refuse = () => Promise.reject(new Error("refused"));

type Act = () => Promise<void> | void;

describe.each<[string, (life: MessageLife, act: Act) => Promise<void>]>([
  ["promises", (life, act) => life.settle(act)],
  [
    "calls",
    (life, act) =>
      settled((done) =>
        life.settleThen((told) => {
          const answer = act();
          if (answer === undefined) told();
          else answer.then(() => told(), told);
        }, done),
      ),
  ],
])("the life of a message whose queue %s", (_, settle) => {
  test("ends with the first settlement, and all others are told so without being tried", async () => {
    const life = new MessageLife("high.A");
    let tried = 0;
    const act = () => {
      tried++;
    };
    expect(await endOf(settle(life, act))).toBe("done");
    expect([await endOf(settle(life, act)), await endOf(settle(life, act))]).toEqual([SETTLED, SETTLED]);
    expect([tried, life.isOver]).toEqual([1, true]);
  });

  test("has one settlement at a time, whose refusal gives it back to the hand", async () => {
    const life = new MessageLife("high.A");
    const first = deferred();
    const settling = settle(life, () => first.promise);
    expect(await endOf(settle(life, () => {}))).toBe(SETTLED);
    first.reject(new Error("refused"));
    expect(await endOf(settling)).toBe("refused");
    expect(life.isOver).toBe(false);
    life.assertInHand();
    expect(await endOf(settle(life, refuse))).toBe("refused");
    expect(await endOf(settle(life, () => {}))).toBe("done");
  });

  test("is given back by a settlement that throws at once as well", async () => {
    const life = new MessageLife("high.A");
    const fail = () => {
      throw new Error("refused");
    };
    expect(await endOf(settle(life, fail))).toBe("refused");
    expect(await endOf(settle(life, () => {}))).toBe("done");
  });

  test("is over at once where the queue has it at once", () => {
    const life = new MessageLife("high.A");
    void settle(life, () => {});
    expect(life.isOver).toBe(true);
  });

  test("is over where the queue says that somebody else has settled it", async () => {
    const life = new MessageLife("high.A");
    expect(await endOf(settle(life, () => Promise.reject(settledAlready("high.A"))))).toBe(SETTLED);
    expect(life.isOver).toBe(true);
  });

  test.each(["resolves", "rejects"] as const)(
    "that is ended while it is being settled stays over, though that %s",
    async (how) => {
      const life = new MessageLife("high.A");
      const told = deferred();
      const settling = settle(life, () => told.promise);
      expect(life.end()).toBe(true);
      if (how === "resolves") told.resolve();
      else told.reject(new Error("refused"));
      expect(await endOf(settling)).toBe(how === "resolves" ? "done" : SETTLED);
      expect([life.isOver, life.end()]).toEqual([true, false]);
      expect(() => life.assertInHand()).toThrow(/settled already/);
    },
  );
});
