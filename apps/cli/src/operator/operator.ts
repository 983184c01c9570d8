import type { ClusterId, DeadLetterFilter, LetterCount, LetterGroup } from "@helix/core";
import type { DoctorReport, GateOptions, Status, ToldLetter } from "@helix/operations";

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
  readonly letters: readonly ToldLetter[];
  /** For the next page; absent: there are no more. */
  readonly cursor?: string | undefined;
}

export interface LetterGroups {
  readonly groups: readonly LetterGroup[];
  /** How many groups there are. */
  readonly total: number;
}

/**
 * All that the command line asks and orders, whoever answers: the queue and the control store, or the API of a pod. What each resolves with is
 * plain data, the same from both. Each rejects with HelixError or Failure where it is refused or cannot be done.
 */
export interface Operator extends AsyncDisposable {
  status(): Promise<Status>;
  /** Resolves with the revision of the gates. */
  order(verb: GateVerb, cluster: ClusterId, order: GateOrder): Promise<number>;
  doctor(): Promise<DoctorReport>;
  /** Makes what the queue needs on its servers; with `update`, changes what differs as well. Absent where a pod answers. */
  setUp?(options: { readonly update: boolean }): Promise<SetUpReport>;
  letters(
    filter: DeadLetterFilter,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<LetterPage>;
  letterGroups(filter: DeadLetterFilter, limit: number): Promise<LetterGroups>;
  letterCount(filter: DeadLetterFilter): Promise<LetterCount>;
  /** Undefined where there is none. */
  letter(id: string): Promise<ToldLetter | undefined>;
}
