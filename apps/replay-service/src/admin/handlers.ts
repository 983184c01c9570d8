import { type AnswerOf, type EndpointName, type RequestOf, RIGHTS, type Right } from "@helix/admin-api";
import type { Clock } from "@helix/core";
import {
  type Audit,
  type DoctorOptions,
  doctor,
  type Operated,
  status,
  type TrafficReport,
} from "@helix/operations";
import { deadLetterHandlers } from "./dead-letters.ts";
import { gateHandlers } from "./gates.ts";
import { jobHandlers } from "./jobs.ts";
import { rateHandlers } from "./rates.ts";

/** What requests are about. */
export interface Subject extends Operated, DoctorOptions {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly traffic: () => TrafficReport;
  readonly runbookUrl?: string | undefined;
}

/** Whoever asks. */
export interface Asker {
  readonly rights: ReadonlySet<Right>;
}

/** Nobody changes what is answered. */
type Told<T> = T extends readonly (infer U)[]
  ? readonly Told<U>[]
  : T extends object
    ? { readonly [K in keyof T]: Told<T[K]> }
    : T;

/** What each request does: it adds nothing of its own to what the packages do. */
export type Handlers = {
  readonly [K in EndpointName]: (
    subject: Subject,
    request: RequestOf<K>,
    asker: Asker,
  ) => Promise<Told<AnswerOf<K>>>;
};

export const HANDLERS: Handlers = {
  me: async ({ runbookUrl }, _, { rights }) => ({
    rights: RIGHTS.filter((right) => rights.has(right)),
    runbookUrl,
  }),
  status,
  traffic: async ({ traffic }) => traffic(),
  doctor: (subject) => doctor(subject, subject),
  ...gateHandlers,
  ...rateHandlers,
  ...deadLetterHandlers,
  ...jobHandlers,
};
