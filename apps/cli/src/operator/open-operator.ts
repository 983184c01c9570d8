import { UsageError } from "../failures.ts";
import type { Host } from "../host.ts";
import type { Operator } from "./operator.ts";
import { type Flags, Sources } from "./sources.ts";

/** Connects to whoever answers. */
export type OpenOperator = (flags: Flags, env: Host["env"]) => Promise<Operator>;

/** By what was given: a flag wins over the variables. Each way is loaded only where it is gone. */
export const openOperator: OpenOperator = async (flags, env) => {
  if (flags.url !== undefined && flags.nats !== undefined) {
    throw new UsageError("Expected one of `--url` and `--nats`, got both");
  }
  const sources = new Sources(flags, env);
  const { openNatsOperator } = await import("./nats-operator.ts");
  return await openNatsOperator(sources);
};
