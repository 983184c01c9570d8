import { type DeadLetter, messageId, type ReplayMessage } from "@helix/core";
import { CALLERS_MISTAKE, code, equal, rejects, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried, lettersOf, onlyLetter } from "../letters.ts";
import { idOf } from "../receiver.ts";

const RAW = new Uint8Array([0xc1, 1, 2, 3]);
const MAX_TEXT_BYTES = 2048;
const CLOCK_SKEW_MS = 2000;

export const deadLetters: ContractGroup = {
  name: "dead letters",
  cases: [
    {
      title: "keeps a dead message with its content, lane, cause and time",
      async run(stage) {
        const payload = await stage.put({ targetCluster: "A", priority: "low" });
        const message = await stage.receiver("low.A").next();
        const error = Object.assign(new TypeError("no such column"), { code: 8704 });
        await message.deadLetter({ reason: "attempts", outcome: "uncertain", error, attempts: 5 });
        const { raw, deadAtMs, origin, toldError: _, ...letter } = await onlyLetter(stage);
        equal(
          letter,
          {
            id: messageId(payload),
            lane: "low.A",
            content: { ok: true, payload },
            reason: "attempts",
            outcome: "uncertain",
            error: { name: "TypeError", message: "no such column", code: "8704" },
            attempts: 5,
          },
          "the dead letter",
        );
        const ageMs = stage.clock.wallMs() - deadAtMs;
        truthy(
          Math.abs(ageMs) <= stage.patienceMs + CLOCK_SKEW_MS,
          "`deadAtMs` to be now",
          `${ageMs} ms ago`,
        );
        truthy(raw instanceof Uint8Array && raw.length > 0, "`raw` to be the bytes of the message", raw);
        truthy(typeof origin === "object" && origin !== null, "`origin` to be an object", origin);
      },
    },
    {
      title: "keeps neither outcome nor errors where there were none, and the message's own count",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).release({ attempts: 2 });
        await (await receiver.next()).deadLetter({ reason: "expired" });
        const { outcome, error, firstError, attempts } = await onlyLetter(stage);
        equal(
          [outcome, error, firstError, attempts],
          [undefined, undefined, undefined, 2],
          "what it died of",
        );
      },
    },
    {
      title: "keeps the first failure that was counted beside the last one",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).release({ error: new Error("not counted") });
        await (await receiver.next()).release({ attempts: 1, error: new Error(), errorText: "the first" });
        await (await receiver.next()).release({ attempts: 2, error: new Error(), errorText: "the second" });
        await (await receiver.next()).deadLetter({
          reason: "attempts",
          error: new Error("the last"),
          attempts: 3,
        });
        const { firstError, error } = await onlyLetter(stage);
        equal([firstError?.message, error?.message], ["the first", "the last"], "first and last failure");
      },
    },
    {
      title: "keeps the whole text of the last failure, and of the first only what quotes no value",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const error = Object.assign(new TypeError("not a number: 'Alice'"), { code: 8704 });
        await (await receiver.next()).release({ attempts: 1, error });
        await (await receiver.next()).deadLetter({ reason: "attempts", error, errorText: "no number" });
        const { firstError, error: last } = await onlyLetter(stage);
        const kept = [
          firstError?.name,
          firstError?.code,
          firstError?.message.includes("Alice"),
          last?.message,
        ];
        equal(kept, ["TypeError", "8704", false, error.message], "first and last failure");
      },
    },
    {
      title: "keeps the first failure that was counted over every delay and hand-back",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const failed = (attempts: number, errorText: string) =>
          ({ attempts, delayMs: 5, error: new Error(), errorText }) as const;
        await (await receiver.next()).release(failed(1, "the first"));
        await (await receiver.next()).release({ delayMs: 5 });
        await (await receiver.next()).release();
        await (await receiver.next()).release(failed(2, "the second"));
        await (await receiver.next()).deadLetter({ reason: "attempts", error: new Error("the last") });
        const { firstError, attempts } = await onlyLetter(stage);
        equal([firstError?.message, attempts], ["the first", 2], "first failure and count");
      },
    },
    {
      title: "cuts the text of a failure at 2 KiB",
      async run(stage) {
        await buried(stage, {}, { reason: "rejected", error: new Error("é".repeat(MAX_TEXT_BYTES)) });
        const { error } = await onlyLetter(stage);
        equal(error?.message, "é".repeat(MAX_TEXT_BYTES / 2), "the text of the failure");
      },
    },
    {
      title: "takes a dead message out of its lane for good, also when its lease is over",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).deadLetter({ reason: "rejected" });
        await stage.outlastLeases();
        await receiver.nothing(10, "it is a dead letter");
        equal((await stage.queue.deadLetters.list()).length, 1, "dead letters");
      },
    },
    {
      title: "refuses a cause that is none, and leaves the message in hand",
      async run(stage) {
        await stage.put();
        const message = await stage.receiver().next();
        await rejects(
          message.deadLetter({ reason: "boredom" as never }),
          CALLERS_MISTAKE,
          "an unknown reason",
        );
        equal(await stage.queue.deadLetters.list(), [], "the dead letters");
        await message.ack();
      },
    },
    {
      title: "finds one by its id, and nothing by another",
      async run(stage) {
        const letter = await buried(stage);
        equal(await stage.queue.deadLetters.get(letter.id), letter, "what `get` finds");
        equal(await stage.queue.deadLetters.get("none.0"), undefined, "what `get` finds by an unknown id");
      },
    },
    {
      title: "keeps the bytes of what cannot be decoded",
      needs: ["injects"],
      async run(stage) {
        await stage.hook("inject")("high.B", RAW);
        const message = await stage.receiver().next();
        await message.deadLetter({
          reason: "undecodable",
          error: message.content.ok ? undefined : message.content.error,
        });
        const { raw, content, reason, error } = await onlyLetter(stage);
        const got = { raw: [...raw], ok: content.ok, reason, code: error?.code };
        equal(
          got,
          { raw: [...RAW], ok: false, reason: "undecodable", code: "HELIX_PAYLOAD_INVALID" },
          "the dead letter",
        );
      },
    },
    {
      title: "keeps its dead letters when it is closed and opened, or killed",
      needs: ["durable"],
      async run(stage) {
        const letter = await buried(stage);
        const reopened = await stage.hook("reopen")();
        equal(await reopened.deadLetters.list(), [letter], "the dead letters after a reopening");
      },
    },
    {
      title: "has kept a dead letter when its promise resolves: a crash right after that loses nothing",
      needs: ["durable"],
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).release({ attempts: 1, error: new Error(), errorText: "the first" });
        const message = await receiver.next();
        await message.deadLetter({ reason: "attempts" });
        const queue = await stage.hook("crash")();
        const [letter, ...more] = await queue.deadLetters.list();
        equal([letter?.firstError?.message, more], ["the first", []], "the dead letter after the crash");
        const next = stage.receiver("high.B", queue);
        await stage.outlastLeases();
        await next.nothing(1, "it is a dead letter");
      },
    },
    {
      title:
        "leaves a message in hand with HELIX_DEAD_LETTERS_FULL when no more are kept, until one is discarded",
      needs: ["deadLetterBound"],
      async run(stage) {
        const { deadLetters: bound } = stage.fact("deadLetterBound");
        const receiver = stage.receiver();
        const bury = async (message: ReplayMessage) => message.deadLetter({ reason: "rejected" });
        for (let count = 0; count < bound; count++) {
          await stage.put();
          await bury(await receiver.next());
        }
        const extra = await stage.put();
        const message = await receiver.next();
        await rejects(bury(message), code("HELIX_DEAD_LETTERS_FULL"), "one dead letter too many");
        await message.release();
        const again = await receiver.next();
        equal(idOf(again), extra.id, "what comes again");
        const letters: DeadLetter[] = await lettersOf(stage, bound);
        await stage.queue.deadLetters.discard(letters[0]?.id ?? "none");
        await bury(again);
        await lettersOf(stage, bound);
      },
    },
    {
      title: "refuses to discard for somebody or a reason that is no text, and keeps the dead letter",
      async run(stage) {
        const { id } = await buried(stage);
        for (const options of [{ by: 1 }, { by: "" }, { why: "x".repeat(2001) }, { reason: "old" }]) {
          const discarded = stage.queue.deadLetters.discard(id, options as never);
          await rejects(discarded, CALLERS_MISTAKE, `discard(id, ${Object.keys(options)})`);
        }
        equal((await onlyLetter(stage)).id, id, "the dead letter");
      },
    },
    {
      title: "discards one out of the dead letters, and nothing else",
      async run(stage) {
        const first = await buried(stage);
        const second = await buried(stage);
        await stage.queue.deadLetters.discard(first.id, { by: "an operator", why: "obsolete" });
        equal(await stage.queue.deadLetters.list(), [second], "what is left");
        await stage.receiver().nothing(1, "it was discarded");
        await rejects(
          stage.queue.deadLetters.discard(first.id),
          code("HELIX_DEAD_LETTER_NOT_FOUND"),
          "a second discard",
        );
      },
    },
  ],
};
