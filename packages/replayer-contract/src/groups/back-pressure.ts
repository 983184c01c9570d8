import { CALLERS_MISTAKE, equal, throws, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf, type Receiver } from "../receiver.ts";
import type { Stage } from "../stage.ts";

const MESSAGES = 4;

export const backPressure: ContractGroup = {
  name: "back-pressure",
  cases: [
    {
      title: "delivers nothing that was not demanded",
      async run(stage) {
        const receiver = stage.receiver();
        await stage.fill(2);
        await stage.quiet();
        equal(receiver.ids, [], "what comes without a demand");
        await receiver.take(2);
      },
    },
    {
      title: "delivers as many as were demanded and no more, whenever they arrive",
      async run(stage) {
        const receiver = stage.receiver();
        const payloads = await stage.fill(1);
        receiver.source.demand(3);
        await receiver.arrived(1);
        payloads.push(...(await stage.fill(3)));
        await receiver.arrived(3);
        await stage.quiet();
        equal(receiver.messages.length, 3, "deliveries for a demand of 3");
        await receiver.next();
        equal(receiver.ids.sort(), payloads.map(({ id }) => id).sort(), "all that came");
      },
    },
    {
      title: "replaces what is left of a demand by the next one",
      async run(stage) {
        const receiver = stage.receiver();
        receiver.source.demand(3);
        await stage.quiet();
        receiver.source.demand(1);
        await stage.fill(3);
        await receiver.arrived(1);
        await stage.quiet();
        equal(receiver.messages.length, 1, "deliveries for a demand of 1 in the place of 3");
        await receiver.take(2);
      },
    },
    {
      title: "brings the next message whatever its size, however few bytes are demanded",
      async run(stage) {
        const payloads = await stage.fill(2);
        const receiver = stage.receiver();
        for (let arrived = 1; arrived <= payloads.length; arrived++) {
          receiver.source.demand(payloads.length, 1);
          await receiver.arrived(arrived);
        }
        equal(receiver.ids.sort(), payloads.map(({ id }) => id).sort(), "all that came");
      },
    },
    {
      title: "never delivers from inside demand",
      async run(stage) {
        await stage.fill(2);
        const receiver = stage.receiver();
        let isInside = false;
        let inside = 0;
        receiver.listen = () => {
          if (isInside) inside++;
        };
        for (const demanded of [1, 2]) {
          isInside = true;
          receiver.source.demand(demanded);
          isInside = false;
          await receiver.arrived(1);
        }
        await receiver.arrived(2);
        equal(inside, 0, "deliveries from inside `demand`");
      },
    },
    {
      title: "delivers nothing after a demand of 0, and what was under way comes later at no cost",
      async run(stage) {
        const payloads = await stage.fill(MESSAGES);
        const receiver = stage.receiver();
        receiver.source.demand(MESSAGES);
        receiver.source.demand(0);
        await stage.quiet();
        equal(receiver.ids, [], "what comes after a demand of 0");
        await allComeFree(
          stage,
          receiver,
          payloads.map(({ id }) => id),
        );
      },
    },
    {
      title: "delivers nothing more once its receiver says so in the middle of a delivery",
      async run(stage) {
        const payloads = await stage.fill(MESSAGES);
        const receiver = stage.receiver();
        receiver.listen = () => receiver.source.demand(0);
        receiver.source.demand(MESSAGES);
        await receiver.arrived(1);
        await stage.quiet();
        equal(receiver.messages.length, 1, "deliveries");
        receiver.listen = () => {};
        const [first] = receiver.messages;
        const rest = payloads.map(({ id }) => id).filter((id) => first === undefined || id !== idOf(first));
        await allComeFree(stage, receiver, rest);
      },
    },
    {
      title: "has handed back what was under way when stop resolves, at no cost",
      async run(stage) {
        const payloads = await stage.fill(MESSAGES);
        const first = stage.receiver();
        first.source.demand(MESSAGES);
        await first.source.stop();
        const inHand = first.messages.length;
        await Promise.all(first.messages.map((message) => message.release()));
        await stage.quiet();
        equal(first.messages.length, inHand, "deliveries after stop has resolved");
        await allComeFree(
          stage,
          stage.receiver(),
          payloads.map(({ id }) => id),
        );
      },
    },
    {
      title: "stops for good, however often it is told to",
      async run(stage) {
        const { source, messages } = stage.receiver();
        await stage.put();
        await Promise.all([source.stop(), source.stop()]);
        await source.stop();
        source.demand(1);
        await stage.quiet();
        equal(messages.length, 0, "deliveries after stop");
      },
    },
    {
      title: "refuses a demand that cannot be, and takes the most that may be",
      async run(stage) {
        const { maxDemand } = stage.queue.traits;
        truthy(
          Number.isSafeInteger(maxDemand) && maxDemand >= 1,
          "`traits.maxDemand` of at least 1",
          maxDemand,
        );
        const { source } = stage.receiver();
        for (const demanded of [-1, 0.5, Number.NaN, maxDemand + 1]) {
          throws(() => source.demand(demanded), CALLERS_MISTAKE, `demand(${demanded})`);
        }
        source.demand(maxDemand);
      },
    },
  ],
};

/** Expects these messages, without waiting for a lease, with no attempts. */
async function allComeFree(stage: Stage, receiver: Receiver, ids: string[]): Promise<void> {
  const sinceMs = stage.clock.monotonicMs();
  const messages = await receiver.take(ids.length);
  const tookMs = stage.clock.monotonicMs() - sinceMs;
  equal(messages.map(idOf).sort(), ids.sort(), "what comes");
  equal(
    messages.map(({ attempts }) => attempts),
    messages.map(() => 0),
    "its attempts",
  );
  const leaseMs = stage.capabilities.leases?.leaseMs ?? Number.POSITIVE_INFINITY;
  truthy(tookMs + stage.capabilities.quietMs < leaseMs, "it before a lease is over", `${tookMs} ms`);
}
