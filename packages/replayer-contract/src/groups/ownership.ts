import { code, equal, HELIX_ERROR, rejects, truthy } from "../assertions.ts";
import type { CaseDefinition, ContractGroup } from "../contract-group.ts";
import { buried } from "../letters.ts";
import { idOf, type Receiver } from "../receiver.ts";
import type { Stage } from "../stage.ts";

/** So many at once, so often: more in all than a lane may hold, if it may hold less than twice its bound. */
const MOST = 20;
const ROUNDS = 3;

/** What may end a message besides the settlement that it was meant for; each costs the lane none of what it may hold. */
const ENDS: readonly (Pick<CaseDefinition, "needs"> & {
  readonly name: string;
  prepare?(stage: Stage): Promise<void>;
  end(receiver: Receiver, stage: Stage): Promise<void>;
})[] = [
  {
    name: "a lease that lapses",
    needs: ["leases"],
    end: (_, stage) => stage.outlastLeases(),
  },
  {
    name: "one that is forgotten",
    async end({ messages }, stage) {
      for (const message of messages) message.forget();
      await stage.outlastLeases();
    },
  },
  {
    name: "a dead letter that is refused",
    needs: ["deadLetterBound"],
    async prepare(stage) {
      const { deadLetters } = stage.fact("deadLetterBound");
      for (let count = 0; count < deadLetters; count++) await buried(stage, { priority: "low" });
    },
    async end({ messages }) {
      for (const message of messages) {
        const dying = message.deadLetter({ reason: "rejected" });
        await rejects(dying, code("HELIX_DEAD_LETTERS_FULL"), "one dead letter too many");
        await message.release();
      }
    },
  },
  {
    name: "a settlement that is refused or comes too late",
    needs: ["connection", "leases"],
    async end({ messages }, stage) {
      await stage.hook("cut")();
      const settled = messages.map((message, at) => (at % 2 === 0 ? message.ack() : message.release()));
      const ended = Promise.allSettled(settled);
      await stage.outlastLeases();
      await stage.hook("heal")();
      const outcomes = await ended;
      for (const [at, message] of messages.entries()) {
        if (outcomes[at]?.status === "rejected") message.forget();
        // It says that it had it in time.
        else if (at % 2 === 0) await stage.put();
      }
    },
  },
];

export const ownership: ContractGroup = {
  name: "ownership",
  cases: [
    ...ENDS.map(
      ({ name, needs = [], prepare, end }): CaseDefinition => ({
        title: `may hold as much as before after ${name}, again and again`,
        needs,
        async run(stage) {
          await prepare?.(stage);
          const count = Math.min(MOST, (stage.capabilities.bounded?.messages ?? MOST + 1) - 1);
          await stage.fill(count);
          for (let round = 0; round < ROUNDS; round++) {
            const receiver = stage.receiver();
            await receiver.take(count);
            await end(receiver, stage);
            await receiver.source.stop();
          }
          const messages = await stage.receiver().take(count);
          equal(new Set(messages.map(idOf)).size, count, "messages that come");
          await Promise.all(messages.map((message) => message.ack()));
        },
      }),
    ),
    {
      title: "is told nothing more of a message that was forgotten, which comes again at no cost",
      async run(stage) {
        const payload = await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        message.forget();
        message.forget();
        message.extend();
        await rejects(message.ack(), code("HELIX_MESSAGE_SETTLED"), "ack after forget");
        await rejects(message.release(), code("HELIX_MESSAGE_SETTLED"), "release after forget");
        const again = await receiver.next();
        equal([idOf(again), again.attempts], [payload.id, 0], "what comes again");
        await again.ack();
        again.forget();
        await stage.outlastLeases();
        await receiver.nothing(1, "it was acknowledged, and forgotten after that");
      },
    },
    {
      title:
        "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
      needs: ["leases", "shared"],
      async run(stage) {
        const payload = await stage.put();
        const first = stage.receiver();
        const late = await first.next();
        const other = stage.receiver("high.B", await stage.hook("otherPod")());
        const message = await other.next();
        // A pod counts from when it has read the message, which is later where it is busy; not much, or the other's lease is over as well.
        const leftMs = (late.leaseUntilMs ?? 0) - stage.clock.wallMs();
        await stage.pause(Math.max(0, Math.min(leftMs, stage.fact("leases").leaseMs / 4)));
        late.extend();
        await rejects(late.ack(), HELIX_ERROR, "ack of a message that another pod has");
        await rejects(late.release(), HELIX_ERROR, "release of a message that another pod has");
        await rejects(
          late.deadLetter({ reason: "rejected" }),
          HELIX_ERROR,
          "dead letter of a message that another pod has",
        );
        await first.nothing(1, "another pod has it");
        await message.release();
        equal(idOf(await other.next()), payload.id, "what was still the other pod's to hand back");
      },
    },
    {
      title: "does not move a lease while it cannot be told, and says what became of the message",
      needs: ["connection", "leases", "shared"],
      async run(stage) {
        const payload = await stage.put();
        const message = await stage.receiver().next();
        const { leaseMs } = stage.fact("leases");
        await stage.hook("cut")();
        const untilMs = message.leaseUntilMs;
        for (let third = 0; third < 4; third++) {
          message.extend();
          await stage.pause(Math.ceil(leaseMs / 3));
        }
        equal(message.leaseUntilMs, untilMs, "`leaseUntilMs` over a cut");
        const other = stage.receiver("high.B", await stage.hook("otherPod")());
        equal(idOf(await other.next()), payload.id, "what another pod gets");
        const late = rejects(message.ack(), HELIX_ERROR, "ack of a message that another pod has");
        await stage.hook("heal")();
        await late;
        await other.messages[0]?.ack();
      },
    },
    {
      title: "moves a lease when it was told",
      needs: ["leases"],
      async run(stage) {
        await stage.put();
        const message = await stage.receiver().next();
        const untilMs = message.leaseUntilMs ?? 0;
        await stage.pause(Math.ceil(stage.fact("leases").leaseMs / 3));
        message.extend();
        await stage.until(
          () => (message.leaseUntilMs ?? 0) > untilMs,
          "`leaseUntilMs` to move",
          () => message.leaseUntilMs,
        );
        await message.ack();
      },
    },
    {
      title: "leaves nothing under way when stop resolves in the middle of redeliveries",
      needs: ["leases", "shared"],
      async run(stage) {
        const { leaseMs } = stage.fact("leases");
        const ids = (await stage.fill(3)).map(({ id }) => id).sort();
        for (const afterMs of [0, 1, 2, 4, 8]) {
          const first = stage.receiver();
          for (const message of await first.take(3)) await message.release({ attempts: 1 });
          await first.source.stop();
          const queue = await stage.hook("otherPod")();
          const other = stage.receiver("high.B", queue);
          other.source.demand(3);
          await stage.pause(afterMs);
          await other.source.stop();
          await Promise.all(other.messages.map((message) => message.release()));
          await queue.close();
          const next = stage.receiver();
          const sinceMs = stage.clock.monotonicMs();
          const again = await next.take(3);
          const tookMs = stage.clock.monotonicMs() - sinceMs;
          equal(again.map(idOf).sort(), ids, "what comes");
          truthy(tookMs < leaseMs / 2, "all of it long before a lease is over", `${tookMs} ms`);
          await Promise.all(again.map((message) => message.release()));
          await next.source.stop();
        }
      },
    },
  ],
};
