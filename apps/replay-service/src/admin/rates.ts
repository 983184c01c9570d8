import { removeRate, setRate } from "@helix/operations";
import type { Handlers } from "./handlers.ts";

export const rateHandlers = {
  setRate: async (subject, { params, body, key }) => ({
    revision: await setRate(subject, params.cluster, { ...body, idempotencyKey: key }),
  }),
  removeRate: async (subject, { params, body, key }) => ({
    revision: await removeRate(subject, params.cluster, { ...body, idempotencyKey: key }),
  }),
} satisfies Partial<Handlers>;
