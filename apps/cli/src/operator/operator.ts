import type { ClusterId, DeadLetterFilter, ErrorSummary, LetterCount } from "@helix/core";
import type {
  DoctorReport,
  GateOptions,
  Job,
  JobOrder,
  JobVerb,
  LetterBox,
  LetterGroupPage,
  Ordered,
  Status,
  ToldLetter,
  ToldTrashedLetter,
} from "@helix/operations";

export const GATE_VERBS = ["pause", "resume", "drain", "undrain"] as const;
export type GateVerb = (typeof GATE_VERBS)[number];

/** An order over what was seen: `revision` is what `status` has shown. */
export interface GateOrder extends GateOptions {
  readonly revision: number;
}

/** What was missing, and what differed. */
export interface SetUpReport {
  readonly created: readonly string[];
  readonly updated: readonly string[];
}

export interface LetterPage {
  /** Of the trash with how they came there. */
  readonly letters: readonly (ToldLetter | ToldTrashedLetter)[];
  /** For the next page; absent: there are no more. */
  readonly cursor?: string | undefined;
}

/** As a gate's; without a rate the limit is taken away. */
export interface RateChange extends GateOrder {
  readonly perSecond: number | undefined;
}

/** A job as it is told: without what only its order says. */
export type ShownJob = Omit<Job, "stageWaitMs" | "stageMaxDiedAgain">;

export interface JobPage {
  /** The newest first. */
  readonly jobs: readonly ShownJob[];
}

export interface ShownValues {
  readonly letter: ToldLetter;
  /** The last failure, its text whole: it may quote values. */
  readonly error?: ErrorSummary | undefined;
  readonly statements?:
    | readonly {
        readonly query: string;
        readonly params: readonly unknown[] | Readonly<Record<string, unknown>>;
      }[]
    | undefined;
  /** Bytes that are no payload, in base64. */
  readonly raw?: string | undefined;
}

/** Which of them: so many at most, from where the page before has ended. */
export interface AskedPage {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * All that the command line asks and orders, whoever answers: the queue and the control store, or the API of a pod. What each resolves with is
 * plain data, the same from both. Each rejects with HelixError or Failure where it is refused or cannot be done.
 */
export interface Operator extends AsyncDisposable {
  status(): Promise<Status>;
  /** Resolves with the revision of the gates. */
  order(verb: GateVerb, cluster: ClusterId, order: GateOrder): Promise<number>;
  /** Over all pods together. Resolves with the revision of the rates. */
  setRate(cluster: ClusterId, change: RateChange): Promise<number>;
  doctor(): Promise<DoctorReport>;
  /** Makes what the queue needs on its servers; with `update`, changes what differs as well. Absent where a pod answers. */
  setUp?(options: { readonly update: boolean }): Promise<SetUpReport>;
  letters(box: LetterBox, filter: DeadLetterFilter, page: AskedPage): Promise<LetterPage>;
  letterGroups(box: LetterBox, filter: DeadLetterFilter, page: AskedPage): Promise<LetterGroupPage>;
  /** How many letters a job would be about, counted for half a minute at the most. */
  jobCount(verb: JobVerb, filter: DeadLetterFilter): Promise<LetterCount>;
  /** Undefined where there is none. */
  letter(box: LetterBox, id: string): Promise<ToldLetter | ToldTrashedLetter | undefined>;
  /** One of them with all that was bound to it. Absent where nobody would write down who saw it. */
  values?(box: LetterBox, id: string, ordered: Ordered): Promise<ShownValues>;
  /** Orders long work over letters, which some pod takes up. */
  startJob(order: JobOrder): Promise<ShownJob>;
  jobs(): Promise<JobPage>;
  job(id: string): Promise<ShownJob>;
  cancelJob(id: string, ordered: Ordered): Promise<ShownJob>;
}
