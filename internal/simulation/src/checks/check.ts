import type { DeadMessage } from "../world/dead-letters.ts";
import type { SimEvent } from "../world/tape.ts";
import type { World } from "../world/world.ts";

/** The state at a moment when nothing goes wrong any more and nothing is under way. */
export interface Rest {
  readonly dead: readonly DeadMessage[];
}

/** One promise of the design, looked at from outside. */
export interface Check {
  readonly name: string;
  /** Called with everything that happens. */
  see?(event: SimEvent): void;
  atRest?(rest: Rest): void;
}

export type CheckFactory = (world: World, violated: (text: string) => void) => Check;
