import type { Logger } from "@helix/core";

/** Who orders a change, and why. */
export interface Ordered {
  /** The person: 1 to 200 characters. */
  readonly by: string;
  /** In that person's words: 1 to 500 characters. */
  readonly why: string;
}

/** One change that somebody has ordered. Nothing that was bound to a statement is in it. */
export interface AuditRecord extends Ordered {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Such as `pause`. */
  readonly verb: string;
  /** What it was done to, such as `{ cluster: "B" }`. */
  readonly subject: Readonly<Record<string, unknown>>;
  /** The code of what refused it, or its name; undefined: it was done. */
  readonly refusedBy?: string | undefined;
}

/** Told of each change that was ordered, done or refused. Whatever it does changes nothing. */
export type Audit = (record: AuditRecord) => unknown;

/** A line of the log for each change. */
export function loggedAudit(logger: Logger): Audit {
  return (record) => {
    const isDone = record.refusedBy === undefined;
    logger.info(
      { audit: record },
      isDone ? "an operator's order" : "an operator's order, which was refused or has failed",
    );
  };
}
