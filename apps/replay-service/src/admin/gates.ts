import type { ClusterId } from "@helix/core";
import { drain, type GateOptions, pause, resume, undrain } from "@helix/operations";
import type { Handlers } from "./handlers.ts";

interface GateRequest {
  readonly params: { readonly cluster: ClusterId };
  readonly body: GateOptions;
  readonly key: string;
}

const ordered =
  (verb: typeof pause) =>
  async (...[subject, { params, body, key }]: [Parameters<typeof pause>[0], GateRequest]) => ({
    revision: await verb(subject, params.cluster, { ...body, idempotencyKey: key }),
  });

export const gateHandlers = {
  pause: ordered(pause),
  resume: ordered(resume),
  drain: ordered(drain),
  undrain: ordered(undrain),
} satisfies Partial<Handlers>;
