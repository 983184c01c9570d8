import { removeRate, setRate } from "@helix/operations";
import type { Handlers } from "./handlers.ts";

export const rateHandlers = {
  setRate: async (subject, { params, body }) => ({ revision: await setRate(subject, params.cluster, body) }),
  removeRate: async (subject, { params, body }) => ({
    revision: await removeRate(subject, params.cluster, body),
  }),
} satisfies Partial<Handlers>;
