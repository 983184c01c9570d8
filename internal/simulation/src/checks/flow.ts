import { CLUSTERS, type ClusterId } from "@helix/core";
import type { FaultKind } from "../scenario/faults.ts";
import { NATS_KINDS } from "../scenario/nats-faults.ts";
import type { Write } from "../scenario/write.ts";
import type { CheckFactory } from "./check.ts";
import { FirstExecutions } from "./first-executions.ts";

/** A worker that is not at work, or a queue that does not do as it is told. */
const DISTURBING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "clock-step",
  "freeze",
  "gate",
  "pause",
  "pod-crash",
  "queue-duplicates",
  "queue-loss",
  "queue-restart",
  "worker-restart",
  ...NATS_KINDS,
]);

const MAY_LOSE: ReadonlySet<FaultKind> = new Set<FaultKind>(["queue-loss", "queue-restart", ...NATS_KINDS]);

/** Two requests to a durable queue that get no answer. */
const QUEUE_TIMEOUTS_MS = 10_000;
/** What cannot be executed, since the queue cannot be told of it, is handed back with up to the longest delay. */
const HANDED_BACK_MS = 30_000;

/**
 * While all that ails a cluster is that some of its data is away, or that it is somewhat slow, good messages
 * flow: nothing but the first executions of others delays the first execution of one, which applies it.
 *
 * So the time that it waits is counted without that in which others have their first execution; of which each
 * has one per worker, of at most `executeTimeoutMs`, in however many slots. What is left has a bound that depends on
 * no number of messages, see {@link FirstExecutions}. Good is what is no poison, not held, expired, too old or suspect, and
 * writes nothing that is away, or was until just now. The bound counts anew after all that may open the breaker of a worker by right,
 * or keeps it from its work: trouble of the whole cluster, a death, a stop, a queue that is gone.
 */
export const flow: CheckFactory = (world, violated) => {
  const { mode, queue, nats, leaseMs, faults, writes, worker } = world.scenario;
  // Messages that hang have a quarter of the slots, which may be all that a lane may hold.
  const mayBeFilled = queue === "nats" && nats.maxAckPending < worker.concurrency;
  const kinds = new Set(faults.map(({ kind }) => kind));
  // Later than its enqueue has taken effect, the caller may hear of it, and a worker that what it has asked for is lost.
  const mayBeLost = [...kinds].some((kind) => MAY_LOSE.has(kind));
  // What is lent to one who does not come back for it.
  const mayLapse =
    mode === "service" &&
    (faults.some(({ kind }) => DISTURBING.has(kind)) || writes.some(({ poison }) => poison?.how === "kills"));
  const make = (cluster: ClusterId) =>
    new FirstExecutions({
      nowMs: () => world.time.nowMs,
      isGood: (write) =>
        !world.clusters[cluster].poison.has(write.identity) &&
        !write.isHeld &&
        world.clusters[cluster].serves(write.rows) &&
        !world.clusters[cluster].mayLack(write.rows),
      allowedMs: (mayBeLent) => {
        if (mayBeFilled) return Number.POSITIVE_INFINITY;
        // A server does not know at once that who has asked is gone, and delivers to it what comes in the meantime.
        if (queue === "nats" && (mayBeLost || mayLapse)) return leaseMs + QUEUE_TIMEOUTS_MS + HANDED_BACK_MS;
        if (mayBeLost) return leaseMs + QUEUE_TIMEOUTS_MS;
        return mayLapse && mayBeLent ? leaseMs : 0;
      },
      // Nor is there another where there is memory for one message alone.
      hasOneSlot: worker.concurrency === 1 || worker.maxBytesInHand === 1,
      violated: (message, text) => violated(`${world.tape.nameOf(message)} ${text} on ${cluster}`),
    });
  const clusters = { A: make("A"), B: make("B") };
  const calls = new Map<string, Write>();
  return {
    name: "flow",
    see(event) {
      switch (event.kind) {
        case "trouble": {
          const its = clusters[event.cluster];
          if (!event.isPartial) its.disturbed(event.isOn);
          // What was away may have been all that there was, so that the breaker is open.
          else if (!event.isOn) its.begin();
          break;
        }
        case "fault":
          if (!DISTURBING.has(event.fault.kind)) break;
          for (const cluster of CLUSTERS) clusters[cluster].disturbed(event.isOn);
          break;
        case "died":
          for (const cluster of CLUSTERS) clusters[cluster].died(event.process);
          break;
        case "closed":
          for (const cluster of CLUSTERS) clusters[cluster].breaker(event.process, false);
          break;
        case "worker-breaker":
          clusters[event.cluster].breaker(event.pod, event.isOpen);
          break;
        case "call":
          calls.set(event.write.identity, event.write);
          break;
        case "enqueue":
          if (event.result === "yes")
            clusters[event.cluster].enqueued(event.message, calls.get(event.identity));
          break;
        case "deliver": {
          const { cluster, message, isHeld, isExpired, isSuspect } = event.delivery;
          if (isHeld || isExpired || isSuspect) clusters[cluster].left(message);
          break;
        }
        case "removed":
          clusters[event.cluster].left(event.message);
          break;
        case "start":
          clusters[event.delivery.cluster].started(event.delivery);
          break;
        case "end": {
          const { delivery, ignored, isTooOld, outcome } = event;
          const its = clusters[delivery.cluster];
          its.ended(delivery, ignored || isTooOld ? undefined : outcome);
          if (isTooOld) its.left(delivery.message);
        }
      }
    },
  };
};
