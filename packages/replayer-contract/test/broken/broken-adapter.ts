import type { ModelClasses } from "../model/model-subject.ts";

/** The model, wrong in one way, and the cases that find it out: these and no others. */
export interface BrokenAdapter extends ModelClasses {
  /** Completes "a queue that …". */
  readonly wrong: string;
  readonly caughtBy: readonly string[];
}
