import { isHelixError, type Outcome, outcomeOf, type ReplayExecutor, type ReplayPayload } from "@helix/core";
import type { SimProcess } from "./sim-process.ts";
import type { Delivery, Tape } from "./tape.ts";

/** From the start of an execution that ends its process. */
const KILL_MS = 5;

/**
 * An executor as it is, with the start and end of each execution written to the tape; but what `kills` says
 * ends the process.
 */
export function watchExecutor(
  inner: Required<ReplayExecutor>,
  {
    process,
    tape,
    deliveries,
    running,
    kills,
  }: {
    readonly process: SimProcess;
    readonly tape: Tape;
    readonly deliveries: WeakMap<ReplayPayload, Delivery>;
    /** By payload, what says that its execution has failed for the worker, which may know it first. */
    readonly running: Map<ReplayPayload, () => void>;
    readonly kills: (delivery: Delivery) => boolean;
  },
): ReplayExecutor {
  return {
    async execute(payload, { signal }) {
      const delivery = deliveries.get(payload);
      if (delivery === undefined) throw new Error("A payload that was never delivered is executed");
      const startedAtMs = tape.nowMs;
      if (process.isAlive) tape.emit({ kind: "start", delivery });
      if (kills(delivery)) await new Promise(() => process.clock.setTimer(() => process.die(), KILL_MS));
      let hasEnded = false;
      const end = (outcome: Outcome, { lostConnection = false, isTooOld = false } = {}) => {
        if (hasEnded) return;
        hasEnded = true;
        running.delete(payload);
        // What a stop has cut off is nobody's failure.
        const ignored = signal.aborted && !timedOut(signal);
        if (process.isAlive)
          tape.emit({ kind: "end", delivery, outcome, ignored, lostConnection, isTooOld, startedAtMs });
      };
      running.set(payload, () => end("uncertain"));
      // What outlives its timeout has ended for the worker, long before it hears of its signal.
      signal.addEventListener("abort", () => timedOut(signal) && end("uncertain"), { once: true });
      try {
        await inner.execute(payload, { signal });
      } catch (error) {
        const reading = inner.read(error);
        const isTooOld = reading.reason === "too-old";
        end(outcomeOf(reading), { lostConnection: hasLostConnection(error), isTooOld });
        throw error;
      }
      end("applied");
    },
    read: (error) => inner.read(error),
    probe: (cluster, options) => inner.probe(cluster, options),
    shortestGrace: (cluster, options) => inner.shortestGrace(cluster, options),
    onAvailable: (listener) => inner.onAvailable(listener),
    compareWith: (identities) => inner.compareWith(identities),
  };
}

/** In the words of the driver, not in ours: what was sent and not answered, on any host. */
function hasLostConnection(error: unknown): boolean {
  const { isSocketError, innerErrors = {} } = error as { isSocketError?: boolean; innerErrors?: object };
  return isSocketError === true || Object.values(innerErrors).some(hasLostConnection);
}

function timedOut({ reason }: AbortSignal): boolean {
  return isHelixError(reason, "HELIX_EXECUTE_TIMEOUT");
}
