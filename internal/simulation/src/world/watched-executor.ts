import { isHelixError, type Outcome, type ReplayExecutor, type ReplayPayload } from "@helix/core";
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
    kills,
  }: {
    readonly process: SimProcess;
    readonly tape: Tape;
    readonly deliveries: WeakMap<ReplayPayload, Delivery>;
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
      const end = (outcome: Outcome) => {
        if (hasEnded) return;
        hasEnded = true;
        // What a stop has cut off is nobody's failure.
        const ignored = signal.aborted && !timedOut(signal);
        if (process.isAlive) tape.emit({ kind: "end", delivery, outcome, ignored, startedAtMs });
      };
      // What outlives its timeout has ended for the worker, long before it hears of its signal.
      signal.addEventListener("abort", () => timedOut(signal) && end("uncertain"), { once: true });
      try {
        await inner.execute(payload, { signal });
      } catch (error) {
        end(inner.classify(error));
        throw error;
      }
      end("applied");
    },
    classify: (error) => inner.classify(error),
    strain: (error) => inner.strain(error),
    probe: (cluster, options) => inner.probe(cluster, options),
    onAvailable: (listener) => inner.onAvailable(listener),
  };
}

function timedOut({ reason }: AbortSignal): boolean {
  return isHelixError(reason, "HELIX_EXECUTE_TIMEOUT");
}
