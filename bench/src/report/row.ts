/** What a row is to come to: its ratio where there is something to compare with, else what was measured, in the row's unit. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One round. Both were measured in it, one right after the other. */
export interface Sample {
  readonly ours: number;
  /** Absent in every sample of a row, or in none. */
  readonly theirs?: number | undefined;
}

/** One line of the table, and all that is known of a row before it is measured. */
export interface RowKind {
  /** Stays the same for good: what is written of runs is found by it. `bench.what` */
  readonly id: string;
  /** What is measured, with its sizes. */
  readonly what: string;
  /** What it is compared with. @default nothing, and `ours` alone is judged */
  readonly against?: string | undefined;
  /** Of what was measured, on both sides. */
  readonly unit: string;
  /** @default it is only shown */
  readonly goal?: Goal | undefined;
  /** Why the goal is known to be further away than a factor of two: then missing it by that fails no run. @default it is not */
  readonly outOfReach?: string | undefined;
  /** What has to be known to read it. */
  readonly note?: string | undefined;
}

export interface Row extends RowKind {
  /** In the order of the rounds; one at least. */
  readonly samples: readonly Sample[];
}

/** Of two lists, round by round. */
export function pairs(ours: readonly number[], theirs: readonly number[]): Sample[] {
  return ours.map((value, round) => ({ ours: value, theirs: theirs[round] ?? Number.NaN }));
}

/** Where there is nothing to compare with. */
export function alone(ours: readonly number[]): Sample[] {
  return ours.map((value) => ({ ours: value }));
}

/** What a picture is drawn of. */
export interface Series {
  /** The picture's name. */
  readonly id: string;
  readonly title: string;
  /** With the unit. */
  readonly x: string;
  readonly y: string;
  /** Equal distances are equal factors. @default neither */
  readonly logarithmic?: { readonly x?: boolean; readonly y?: boolean } | undefined;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
  /** What begins at some x. @default nothing */
  readonly marks?: readonly { readonly x: number; readonly label: string }[] | undefined;
}

/** What a bench has found. */
export interface Findings {
  readonly rows: readonly Row[];
  readonly series?: readonly Series[] | undefined;
}
