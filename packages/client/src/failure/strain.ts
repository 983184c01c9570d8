import type { Strain } from "@helix/core";
import { type DriverErrorShape, errorsByHost } from "./classify-error.ts";

const OVERLOADED = 0x1001;
/** Unavailable, and a full change log, which concerns the tables that have one. */
const PARTIAL: readonly unknown[] = [0x1000, 0x1600];
const TIMEOUTS: readonly unknown[] = [0x1100, 0x1200];

/** What an error of the driver says about the state of the cluster. Pure; never throws. */
export function strainOf(error: unknown): Strain | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, code, innerErrors, isSocketError, requestNotWritten } = error as DriverErrorShape;
  // What was not even written is `unavailable`, by which all is said.
  if (isSocketError === true && requestNotWritten !== true) return "connection-lost";
  // Busy is the driver's own word, for more requests than its connections take.
  if (code === OVERLOADED || name === "BusyConnectionError") return "overload";
  if (TIMEOUTS.includes(code) || name === "OperationTimedOutError") return "timeout";
  if (PARTIAL.includes(code)) return "partial";
  if (name !== "NoHostAvailableError") return undefined;
  const strains = errorsByHost(innerErrors).map(strainOf);
  // One answer that was lost with its connection is enough for the failure to be nobody's.
  return (["connection-lost", "overload", "timeout", "partial"] as const).find((strain) =>
    strains.includes(strain),
  );
}
