/** What the command ends with; the README has the table. */
export const EXIT = Object.freeze({
  ok: 0,
  /** Something was found, was refused, or has failed. */
  failed: 1,
  /** Nothing was done: what was typed cannot be carried out. Of `doctor`: something could not be looked at. */
  usage: 2,
});

/** What the packages, and a pod, have against what was typed, by its code. */
export const MISTAKES: ReadonlySet<string> = new Set([
  "HELIX_FILTER_INVALID",
  "HELIX_CURSOR_INVALID",
  "HELIX_JOB_COUNT_DIFFERS",
]);

/** Whoever was asked has not answered, or something before it has: it says nothing of what was asked. */
export const UNREACHED = "HELIX_CLI_UNREACHED";

/** Of what may be over when the same is asked again: nothing was wrong with the question. */
export const PASSING: ReadonlySet<string> = new Set([
  UNREACHED,
  "HELIX_API_BUSY",
  "HELIX_API_INTERNAL",
  "HELIX_API_NOT_OPEN",
  "HELIX_API_STOPPING",
  "HELIX_API_TIMEOUT",
  "HELIX_QUEUE_OVERLOADED",
  "HELIX_QUEUE_REFUSED",
  "HELIX_QUEUE_TIMEOUT",
  "HELIX_QUEUE_UNAVAILABLE",
]);

/** What was typed cannot be carried out, and nothing was done. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** Commands that would do. */
  readonly type: readonly string[];

  constructor(message: string, ...type: readonly string[]) {
    super(message);
    this.type = type;
  }
}

interface FailureFields {
  /** As programs know it. @default HELIX_CLI_FAILED */
  readonly code?: string | undefined;
  /** Commands that would do. */
  readonly type?: readonly string[] | undefined;
  /** @default 1 */
  readonly exit?: number | undefined;
}

/** It could not be done, and a person is to know why. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: string;
  readonly type: readonly string[];
  readonly exit: number;

  constructor(
    message: string,
    { code = "HELIX_CLI_FAILED", type = [], exit = EXIT.failed }: FailureFields = {},
  ) {
    super(message);
    this.code = code;
    this.type = type;
    this.exit = exit;
  }
}
