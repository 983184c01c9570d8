import type { Need } from "./capabilities.ts";
import type { Stage } from "./stage.ts";

/** One promise, and how it is put to the test. */
export interface CaseDefinition {
  /** A sentence, unique in the whole contract. */
  readonly title: string;
  /** The facts without which it does not apply. */
  readonly needs?: readonly Need[];
  run(stage: Stage): Promise<void>;
}

export interface ContractGroup {
  readonly name: string;
  readonly cases: readonly CaseDefinition[];
}
