import { UsageError } from "../failures.ts";
import type { Host } from "../host.ts";
import type { Operator } from "./operator.ts";
import { type Flags, Sources } from "./sources.ts";

/** Connects to whoever answers. */
export type OpenOperator = (flags: Flags, env: Host["env"]) => Promise<Operator>;

/** By what was given: flags win over variables. Each way is loaded only where it is gone. */
export const openOperator: OpenOperator = async (flags, env) => {
  const sources = new Sources(flags, env);
  if (flags.url !== undefined && flags.nats !== undefined) {
    throw new UsageError(
      "Expected one of --url and --nats, got both",
      "helix status --url http://127.0.0.1:8081",
    );
  }
  const byUrl =
    flags.url !== undefined || (flags.nats === undefined && sources.variable("HELIX_URL") !== undefined);
  if (byUrl) return (await import("./http-operator.ts")).openHttpOperator(sources);
  return (await import("./nats-operator.ts")).openNatsOperator(sources);
};
