import type { Strain } from "@helix/core";
import { type DriverErrorShape, errorsByHost } from "./classify-error.ts";

const OVERLOADED = 0x1001;
const TIMEOUTS: readonly unknown[] = [0x1100, 0x1200];

/** What an error of the driver says about the load of the cluster. Pure; never throws. */
export function strainOf(error: unknown): Strain | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, code, innerErrors } = error as DriverErrorShape;
  // Busy is the driver's own word, for more requests than its connections take.
  if (code === OVERLOADED || name === "BusyConnectionError") return "overload";
  if (TIMEOUTS.includes(code) || name === "OperationTimedOutError") return "timeout";
  if (name !== "NoHostAvailableError") return undefined;
  const strains = errorsByHost(innerErrors).map(strainOf);
  if (strains.includes("overload")) return "overload";
  return strains.includes("timeout") ? "timeout" : undefined;
}
