import type { Clock, ClusterId, ControlStore, ReplayQueue } from "@helix/core";
import { clock, clusterNames, readOption } from "@helix/core/internal";
import type { Audit } from "./audit.ts";

/** What an operator's verbs are about: the first parameter of each. */
export interface Operated {
  readonly queue: Pick<ReplayQueue, "depths" | "deadLetters" | "examine" | "room" | "traits">;
  /** Where pods, clients and people agree. */
  readonly control: ControlStore;
  /** Told of each change. @default nobody */
  readonly audit?: Audit | undefined;
  /** What the clusters are called. @default A and B */
  readonly clusterNames?: Readonly<Partial<Record<ClusterId, string>>> | undefined;
  /** The ceiling of what `setRate` takes. Executions per second and cluster, over all pods. @default none */
  readonly maxRate?: number | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
}

/** What whoever does jobs needs of it. */
export interface JobsOperated extends Pick<Operated, "control" | "audit" | "clock"> {
  readonly queue: Pick<Operated["queue"], "deadLetters">;
}

/** What has a default, checked. */
export function settingsOf(operated: Pick<Operated, "clusterNames" | "clock">) {
  return {
    names: readOption(clusterNames, operated.clusterNames, "clusterNames"),
    clock: readOption(clock, operated.clock, "clock"),
  };
}
