import { z } from "zod";
import * as letters from "./dead-letters.ts";
import { doctorReport } from "./doctor.ts";
import { closeGate, gatesChanged, openGate } from "./gates.ts";
import * as jobs from "./jobs.ts";
import { me } from "./me.ts";
import * as rates from "./rates.ts";
import type { Right } from "./rights.ts";
import { status } from "./status.ts";
import { traffic } from "./traffic.ts";
import { cluster } from "./words.ts";

/** One request that there is: what it needs, takes and answers. */
export interface Endpoint {
  readonly method: "GET" | "POST";
  /** With its parameters in braces. */
  readonly path: string;
  readonly right: Right;
  /** It changes something: it has a key by which a repeat is known, and a pod that stops refuses it. */
  readonly isChange: boolean;
  readonly about: string;
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answer: z.ZodType;
}

function get<const E extends Partial<Endpoint>>(path: string, about: string, rest: E) {
  return { method: "GET", path, about, right: "read", isChange: false, ...rest } as const;
}

function post<const E extends Partial<Endpoint>>(path: string, about: string, rest: E) {
  return { method: "POST", path, about, right: "operate", isChange: true, ...rest } as const;
}

const ofCluster = { params: z.strictObject({ cluster }) };
const ofJob = { params: z.strictObject({ id: jobs.jobId }) };
const ofLetter = { params: z.strictObject({ id: letters.letterId }) };

/** All requests that there are, by name. */
export const ENDPOINTS = {
  me: get("/v1/me", "What the token is good for.", { answer: me }),
  status: get("/v1/status", "What is ordered, what waits, and since when.", { answer: status }),
  traffic: get("/v1/traffic", "What went in and out of each lane within the last quarter of an hour.", {
    answer: traffic,
  }),
  pause: post("/v1/gates/{cluster}/pause", "No replay to it; writes and reads as usual.", {
    ...ofCluster,
    body: closeGate,
    answer: gatesChanged,
  }),
  resume: post("/v1/gates/{cluster}/resume", "Open again.", {
    ...ofCluster,
    body: openGate,
    answer: gatesChanged,
  }),
  drain: post("/v1/gates/{cluster}/drain", "Skipped by writes, which are queued, by reads and by replay.", {
    ...ofCluster,
    body: closeGate,
    answer: gatesChanged,
  }),
  undrain: post("/v1/gates/{cluster}/undrain", "Open again.", {
    ...ofCluster,
    body: openGate,
    answer: gatesChanged,
  }),
  setRate: post("/v1/rates/{cluster}", "Bounds the replay to it, over all pods together.", {
    ...ofCluster,
    body: rates.setRate,
    answer: rates.ratesChanged,
  }),
  removeRate: post("/v1/rates/{cluster}/remove", "Takes the bound away.", {
    ...ofCluster,
    body: rates.removeRate,
    answer: rates.ratesChanged,
  }),
  deadLetters: get("/v1/dead-letters", "A page of dead letters, the oldest first.", {
    query: letters.letterPageQuery,
    answer: letters.letterPage,
  }),
  deadLetterCount: get("/v1/dead-letters/count", "How many a filter finds.", {
    query: letters.letterQuery,
    answer: letters.letterCount,
  }),
  deadLetterGroups: get("/v1/dead-letters/groups", "How many of which kind.", {
    query: letters.letterPageQuery,
    answer: letters.letterGroups,
  }),
  deadLetter: get("/v1/dead-letters/{id}", "One of them, without its values.", {
    ...ofLetter,
    answer: letters.oneLetter,
  }),
  trash: get(
    "/v1/trash",
    "A page of what was discarded within seven days, the first that was discarded first.",
    {
      query: letters.letterPageQuery,
      answer: letters.trashPage,
    },
  ),
  trashCount: get("/v1/trash/count", "How many of what was discarded a filter finds.", {
    query: letters.letterQuery,
    answer: letters.letterCount,
  }),
  trashGroups: get("/v1/trash/groups", "How many of which kind were discarded.", {
    query: letters.letterPageQuery,
    answer: letters.letterGroups,
  }),
  trashedLetter: get("/v1/trash/{id}", "One that was discarded, without its values.", {
    ...ofLetter,
    answer: letters.oneTrashedLetter,
  }),
  deadLetterValues: {
    method: "POST",
    path: "/v1/dead-letters/{id}/values",
    about: "One of them with its values. It is written down who saw them.",
    right: "values",
    isChange: false,
    ...ofLetter,
    body: letters.valuesRequest,
    answer: letters.letterValues,
  },
  trashedLetterValues: {
    method: "POST",
    path: "/v1/trash/{id}/values",
    about: "One that was discarded with its values. It is written down who saw them.",
    right: "values",
    isChange: false,
    ...ofLetter,
    body: letters.valuesRequest,
    answer: letters.letterValues,
  },
  jobs: get("/v1/jobs", "Long work: all that is under way, and the last hundred that are over.", {
    query: jobs.jobPageQuery,
    answer: jobs.jobPage,
  }),
  jobCount: get("/v1/jobs/count", "How many letters a job would be about: what its `expect` says.", {
    query: jobs.jobCountQuery,
    answer: letters.letterCount,
  }),
  job: get("/v1/jobs/{id}", "One job, with what has become of its letters so far.", {
    ...ofJob,
    answer: jobs.oneJob,
  }),
  startRedrive: post("/v1/jobs/redrive", "Puts dead letters back into their lanes.", {
    body: jobs.startRedrive,
    answer: jobs.oneJob,
  }),
  startForcedRedrive: {
    method: "POST",
    path: "/v1/jobs/forced-redrive",
    about: "The same, whatever speaks against it: what was deleted since may come back.",
    right: "destroy",
    isChange: true,
    body: jobs.startRedrive,
    answer: jobs.oneJob,
  },
  startDiscard: {
    method: "POST",
    path: "/v1/jobs/discard",
    about: "Moves dead letters into the trash.",
    right: "destroy",
    isChange: true,
    body: jobs.startJob,
    answer: jobs.oneJob,
  },
  startRestore: post("/v1/jobs/restore", "Puts what was discarded back among the dead letters.", {
    body: jobs.startJob,
    answer: jobs.oneJob,
  }),
  startEmpty: {
    method: "POST",
    path: "/v1/jobs/empty",
    about: "Deletes for good what is in the trash.",
    right: "destroy",
    isChange: true,
    body: jobs.startJob,
    answer: jobs.oneJob,
  },
  cancelJob: post("/v1/jobs/{id}/cancel", "No letter more is taken up, within a second.", {
    ...ofJob,
    body: jobs.cancelJob,
    answer: jobs.oneJob,
  }),
  doctor: get("/v1/doctor", "What can be lost or will stand still, the worst first, each with its cure.", {
    answer: doctorReport,
  }),
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointName = keyof typeof ENDPOINTS;
type Of<K extends EndpointName, P extends string> = (typeof ENDPOINTS)[K] extends {
  readonly [_ in P]: infer S extends z.ZodType;
}
  ? S
  : z.ZodUndefined;

/** What a request takes, read and with its defaults. */
export interface RequestOf<K extends EndpointName> {
  readonly params: z.output<Of<K, "params">>;
  readonly query: z.output<Of<K, "query">>;
  readonly body: z.output<Of<K, "body">>;
  /** By which a repeat is known. */
  readonly key: (typeof ENDPOINTS)[K]["isChange"] extends true ? string : undefined;
}
/** What is answered. */
export type AnswerOf<K extends EndpointName> = z.output<(typeof ENDPOINTS)[K]["answer"]>;
