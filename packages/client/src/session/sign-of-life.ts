import { isHelixError } from "@helix/core";
import { classifyError, type DriverErrorShape, errorsByHost } from "../failure/classify-error.ts";

/**
 * What a failure says of the cluster itself, whatever it says of the statement.
 *
 * - `answered`: a server answered, be it with a refusal.
 * - `silent`: a request was sent and nothing came back in time.
 * - `no-host`: the driver knows of no host that it could send to.
 * - `none`: nothing either way (too many requests of ours, a value that cannot be encoded, a closed socket).
 */
export type SignOfLife = "answered" | "silent" | "no-host" | "none";

/** Reads the sign in an error of the driver. Pure; never throws. */
export function signOfLife(error: unknown): SignOfLife {
  if (isHelixError(error, "HELIX_EXECUTE_TIMEOUT")) return "silent";
  if (typeof error !== "object" || error === null) return "none";
  const { name, code, innerErrors } = error as DriverErrorShape;
  if (name === "OperationTimedOutError") return "silent";
  if (typeof code === "number") return "answered";
  if (name !== "NoHostAvailableError") return "none";
  const parts = errorsByHost(innerErrors);
  const signs = new Set(parts.map(signOfLife));
  if (signs.has("answered")) return "answered";
  if (signs.has("silent")) return "silent";
  // Too many requests in flight is our own doing: those that are in flight will tell.
  const busy = parts.some((part) => (part as DriverErrorShape).name === "BusyConnectionError");
  return !busy && classifyError(error).outcome === "unavailable" ? "no-host" : "none";
}
