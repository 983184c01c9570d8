import { type ClusterTrouble, SERVER_TIMEOUT_MS } from "../cluster/model-cluster.ts";
import { NATS_KINDS } from "../scenario/nats-faults.ts";
import type { CheckFactory } from "./check.ts";

/** What makes a queue deliver again that which is still being executed, or ends the process of an innocent. */
const MISLEADING: ReadonlySet<string> = new Set([
  "clock-step",
  "freeze",
  "pod-crash",
  "queue-duplicates",
  "queue-loss",
  "queue-restart",
  ...NATS_KINDS,
]);

/** So often a message kills before it is a suspect: at its first execution, and when it is delivered again. */
const UNSUSPECTED_DEATHS = 2;

/**
 * Rows that time out for longer than so many execute timeouts are the exception, as long as others of their table are
 * served: what is told of such a message is what is told of one that always times out. Nodes that are gone are
 * found out by the others long before. A cluster that is so slow that nobody hears it say so tells no more.
 */
const GRACE_TIMEOUTS = 2;

/** What is applied up to a second before an execution, and answered late, may let its failure count. */
const SERVED_BEFORE_MS = 1500;

/**
 * An outage costs no attempts, and a lost connection none: a message's count never exceeds the failures that it had while its cluster, and the
 * rows that it writes, could have answered, and one for each outage and pod that began just before the execution
 * did. What died of its attempts had so many.
 *
 * The death of a process is the failure of the message that kills it, and of no other that it held. But while it is no
 * suspect yet, it may kill during the turn of an innocent one.
 */
export const flatAttempts: CheckFactory = (world, violated) => {
  const own = new Map<string, number>();
  const killers = new Set<string>();
  const wronglyMarked = new Map<string, number>();
  const identities = new Map<string, string>();
  const graceMs = GRACE_TIMEOUTS * world.scenario.worker.executeTimeoutMs;
  const isFlat = (trouble: ClusterTrouble, startedAtMs: number) => {
    if (trouble.kind !== "ranges-away") return true;
    const { nowMs } = world.time;
    const isTimeout = nowMs - startedAtMs >= SERVER_TIMEOUT_MS;
    // Sooner, it was something else that has cut the execution off.
    if (!isTimeout) return trouble.how !== "timeout";
    return nowMs - trouble.sinceMs < graceMs;
  };
  const isMisled = world.scenario.faults.some(({ kind }) => MISLEADING.has(kind));
  /** By message, pod and outage: what may have counted since the outage began just before. */
  const edges = new Set<string>();
  const countOwn = (message: string) => own.set(message, (own.get(message) ?? 0) + 1);
  return {
    name: "flat attempts",
    see(event) {
      if (event.kind === "call" && event.write.poison?.how === "kills") killers.add(event.write.identity);
      if (event.kind === "deliver") {
        const { message, identity = "" } = event.delivery;
        identities.set(message, identity);
      }
      if (event.kind === "mark-found") {
        const { message } = event;
        countOwn(message);
        if (isMisled || killers.has(identities.get(message) ?? "")) return;
        const wrong = (wronglyMarked.get(message) ?? 0) + 1;
        wronglyMarked.set(message, wrong);
        // The first of those deaths has made it a suspect.
        if (wrong > killers.size * UNSUSPECTED_DEATHS - 1) {
          violated(`${world.tape.nameOf(message)} has killed nobody, and the mark on it counts`);
        }
      }
      if (event.kind === "end") {
        const { delivery, outcome, ignored, lostConnection, isTooOld, startedAtMs } = event;
        const { message, cluster, rows, pod } = delivery;
        if (ignored || lostConnection || outcome === "applied" || outcome === "unavailable") return;
        const outage = world.clusters[cluster]
          .awaySince(startedAtMs, rows)
          .find((trouble) => isFlat(trouble, startedAtMs));
        // How old it is has nothing to do with its cluster.
        if (outage !== undefined && !isTooOld) {
          const edge = `${message} ${pod} ${outage.kind} ${outage.sinceMs}`;
          if (outage.sinceMs <= startedAtMs - SERVED_BEFORE_MS || edges.has(edge)) return;
          edges.add(edge);
        }
        countOwn(message);
      }
      if (event.kind !== "settle" || event.how === "ack") return;
      const { delivery, reason, attempts = delivery.attempts } = event;
      const failures = own.get(delivery.message) ?? 0;
      if (attempts > failures) {
        const name = world.tape.nameOf(delivery.message);
        violated(`${name} has ${attempts} attempts after ${failures} failures outside of outages`);
      }
      const { maxDeliver } = world.scenario.worker;
      if (reason === "attempts" && attempts < maxDeliver) {
        violated(`${world.tape.nameOf(delivery.message)} died of ${attempts} attempts of ${maxDeliver}`);
      }
    },
  };
};
