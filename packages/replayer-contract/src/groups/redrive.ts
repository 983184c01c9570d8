import { messageId, type ReplayMessage, type ReplayPayload, type UnsafeReason } from "@helix/core";
import { CALLERS_MISTAKE, code, equal, rejects, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried, onlyLetter } from "../letters.ts";
import { idOf } from "../receiver.ts";

const LIVES = 3;
const UNSAFE: readonly UnsafeReason[] = ["too-old", "table-gone"];

export const redrive: ContractGroup = {
  name: "redrive",
  cases: [
    {
      title: "brings the same write back with its timestamp, one life more, no attempts, and off hold",
      async run(stage) {
        const payload = await stage.put({
          targetCluster: "A",
          priority: "low",
          disposition: "hold",
          timestampMicros: 1_234_567_890_123_456n,
          writtenAtMs: Math.floor(stage.clock.wallMs()) - 1,
          keyspace: "ks",
        });
        const receiver = stage.receiver("low.A");
        await (await receiver.next()).release({ attempts: 3, error: new Error("of the first life") });
        await (await receiver.next()).deadLetter({ reason: "held" });
        await stage.queue.deadLetters.redrive(messageId(payload));
        const message = await receiver.next();
        equal(message.attempts, 0, "attempts in the new life");
        equal(lasting(message), { ...lasting(payload), life: payload.life + 1 }, "the write");
        equal(dispositionOf(message), "unsafe", "its disposition, since a person has decided");
        await message.deadLetter({ reason: "rejected" });
        const { id, firstError, attempts } = await onlyLetter(stage);
        equal([id, firstError, attempts], [`${payload.id}.1`, undefined, 0], "what the new life left");
      },
    },
    {
      title: "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
      async run(stage) {
        const { deadLetters } = stage.queue;
        for (const reason of UNSAFE) {
          const letter = await buried(stage, {}, { reason });
          equal(await deadLetters.list({ reason }), [letter], `the dead letters that are ${reason}`);
          const needsForce = code("HELIX_REDRIVE_NEEDS_FORCE");
          await rejects(deadLetters.redrive(letter.id), needsForce, "its redrive");
          await rejects(deadLetters.redrive(letter.id, { force: false }), needsForce, "one without force");
          equal(await deadLetters.get(letter.id), letter, "the dead letter");
        }
        await stage.receiver().nothing(1, "nothing was redriven");
      },
    },
    {
      title: "brings back by force what is too old, or whose table is gone, marked as forced",
      async run(stage) {
        const receiver = stage.receiver();
        for (const reason of UNSAFE) {
          const payload = await stage.put();
          await (await receiver.next()).deadLetter({ reason });
          await stage.queue.deadLetters.redrive(messageId(payload), { force: true });
          const message = await receiver.next();
          equal(lasting(message), { ...lasting(payload), life: payload.life + 1 }, "the write");
          equal(dispositionOf(message), "force", "its disposition");
          await message.ack();
        }
        equal(await stage.queue.deadLetters.list(), [], "the dead letters");
      },
    },
    {
      title: "forces one life only",
      async run(stage) {
        const { id } = await buried(stage, {}, { reason: "too-old" });
        const { deadLetters } = stage.queue;
        const receiver = stage.receiver();
        await deadLetters.redrive(id, { force: true });
        await (await receiver.next()).deadLetter({ reason: "attempts" });
        await deadLetters.redrive((await onlyLetter(stage)).id);
        equal(dispositionOf(await receiver.next()), "unsafe", "the disposition in the life after");
      },
    },
    {
      title: "refuses a force that is no boolean, and keeps the dead letter",
      async run(stage) {
        const letter = await buried(stage, {}, { reason: "too-old" });
        const redriven = stage.queue.deadLetters.redrive(letter.id, { force: "no" as never });
        await rejects(redriven, CALLERS_MISTAKE, "a redrive with a text for `force`");
        equal(await onlyLetter(stage), letter, "the dead letter");
      },
    },
    {
      title: "is over with the dead letter: a second redrive finds nothing",
      async run(stage) {
        const { id } = await buried(stage);
        const { deadLetters } = stage.queue;
        await deadLetters.redrive(id);
        equal(await deadLetters.list(), [], "the dead letters");
        equal(await deadLetters.get(id), undefined, "what `get` finds");
        await rejects(deadLetters.redrive(id), code("HELIX_DEAD_LETTER_NOT_FOUND"), "a second redrive");
        const receiver = stage.receiver();
        await receiver.next();
        await receiver.nothing(1, "it was redriven once");
      },
    },
    {
      title: "refuses an id that it does not know with HELIX_DEAD_LETTER_NOT_FOUND",
      async run(stage) {
        const { deadLetters } = stage.queue;
        await rejects(deadLetters.redrive("none.0"), code("HELIX_DEAD_LETTER_NOT_FOUND"), "an unknown id");
        await rejects(deadLetters.discard("none.0"), code("HELIX_DEAD_LETTER_NOT_FOUND"), "an unknown id");
      },
    },
    {
      title: "brings a message back once when two persons redrive it at the same time",
      async run(stage) {
        const { id } = await buried(stage);
        const { deadLetters } = stage.queue;
        const outcomes = await Promise.allSettled([deadLetters.redrive(id), deadLetters.redrive(id)]);
        truthy(
          outcomes.some(({ status }) => status === "fulfilled"),
          "one of two redrives to work",
          outcomes,
        );
        const receiver = stage.receiver();
        await receiver.next();
        await receiver.nothing(10, "it was one dead letter");
        equal(await deadLetters.list(), [], "the dead letters");
      },
    },
    {
      title:
        "leaves exactly one dead letter of a message that dies again before its redrive is over, in every life",
      async run(stage) {
        const payload = await stage.put();
        const receiver = stage.receiver();
        const deaths: Promise<void>[] = [];
        receiver.listen = (message) => {
          const death = message.deadLetter({ reason: "rejected" });
          // Looked at later: until then nobody else is to stumble over it.
          death.catch(() => {});
          deaths.push(death);
        };
        await receiver.take(1);
        for (let life = 1; life <= LIVES; life++) {
          await Promise.all(deaths);
          receiver.source.demand(1);
          await stage.queue.deadLetters.redrive(`${payload.id}.${life - 1}`);
          await receiver.arrived(life + 1);
        }
        await Promise.all(deaths);
        await receiver.nothing(1, "it is a dead letter");
        const { id, content } = await onlyLetter(stage);
        const life = content.ok ? content.payload.life : undefined;
        equal([id, life], [`${payload.id}.${LIVES}`, LIVES], "id and life of the dead letter");
      },
    },
    {
      title: "keeps a dead letter that the full queue does not take",
      needs: ["bounded"],
      async run(stage) {
        const letter = await buried(stage);
        await stage.fill(stage.fact("bounded").messages);
        const redriven = stage.queue.deadLetters.redrive(letter.id);
        await rejects(redriven, code("HELIX_QUEUE_FULL"), "a redrive into a full queue");
        equal(await stage.queue.deadLetters.list(), [letter], "the dead letters");
      },
    },
    {
      title: "keeps a dead letter that cannot be decoded, with HELIX_PAYLOAD_INVALID",
      needs: ["injects"],
      async run(stage) {
        await stage.hook("inject")("high.B", new Uint8Array([0xc1]));
        await (await stage.receiver().next()).deadLetter({ reason: "undecodable" });
        const { id } = await onlyLetter(stage);
        await rejects(stage.queue.deadLetters.redrive(id), code("HELIX_PAYLOAD_INVALID"), "its redrive");
        equal((await onlyLetter(stage)).id, id, "the dead letter");
      },
    },
    {
      title: "puts a message at the end of its lane",
      needs: ["ordered"],
      async run(stage) {
        const letter = await buried(stage);
        const waiting = await stage.fill(2);
        await stage.queue.deadLetters.redrive(letter.id);
        const messages = await stage.receiver().take(3);
        const last = letter.content.ok ? letter.content.payload.id : undefined;
        equal(messages.map(idOf), [...waiting.map(({ id }) => id), last], "the order");
      },
    },
    {
      title: "redrives from any pod",
      needs: ["shared"],
      async run(stage) {
        const letter = await buried(stage);
        const other = await stage.hook("otherPod")();
        await other.deadLetters.redrive(letter.id);
        const { content } = await stage.receiver().next();
        equal(content.ok && content.payload.life, 1, "the life of what comes");
      },
    },
  ],
};

function dispositionOf({ content }: ReplayMessage): string | undefined {
  return content.ok ? content.payload.disposition : "undecodable";
}

/** What no redrive may change. */
function lasting(of: ReplayMessage | ReplayPayload): object {
  if ("content" in of) return of.content.ok ? lasting(of.content.payload) : {};
  const { enqueuedAtMs: _, disposition: __, ...rest } = of;
  return rest;
}
