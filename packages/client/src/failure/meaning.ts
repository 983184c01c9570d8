import type { ErrorReading } from "@helix/core";

/** A row of the tables: what an error means, and whether its text may be told since it quotes nothing that was bound. */
export interface Meaning extends Omit<ErrorReading, "text"> {
  readonly told?: boolean | undefined;
}

/** As the error itself, as far as we look; two copies of the driver may be loaded, so names and flags tell. */
export interface DriverErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly innerErrors?: unknown;
  readonly isSocketError?: unknown;
  readonly requestNotWritten?: unknown;
}

/** Nobody knows it: perhaps it is applied, and another time will tell. */
export const UNKNOWN: Meaning = Object.freeze({
  applied: "maybe",
  retry: "later",
  scope: "statement",
  answered: false,
});
