import type { Operation } from "@helix/core";
import { types } from "cassandra-driver";
import type { ReadOptions } from "../request-options.ts";
import type { ClusterConfig } from "../session/cluster-config.ts";
import { hasParams } from "../session/driver-request.ts";

interface Uncarried {
  readonly option: keyof ReadOptions;
  readonly isUsed: (options: ReadOptions, operation: Operation) => boolean;
  readonly why: string;
}

/** What makes another write of a write, and is in no payload. All else is in it, or changes no cell. */
const UNCARRIED: readonly Uncarried[] = [
  { option: "hints", isUsed: ({ hints }) => hints !== undefined, why: "a replay has none" },
  {
    option: "prepare",
    isUsed: ({ prepare }, operation) => prepare === false && hasParams(operation),
    why: "the driver then guesses the types of the parameters, and a replay, which is prepared, writes something else",
  },
  {
    option: "customPayload",
    isUsed: ({ customPayload }) => customPayload !== undefined,
    why: "a replay has none",
  },
];

/**
 * Refuses what a replay could not do again.
 *
 * @throws TypeError naming the option and the way out.
 */
export function assertCarried(operation: Operation, options: ReadOptions): void {
  const found = UNCARRIED.find(({ isUsed }) => isUsed(options, operation));
  if (found === undefined) return;
  const { option, why } = found;
  const what = option === "prepare" ? "prepare: false" : option;
  throw new TypeError(
    `\`${what}\` is refused in a write to both clusters: ${why}. For one cluster alone pass \`{ cluster: "A" }\``,
  );
}

const { serial, localSerial } = types.consistencies;

/**
 * Refuses a level that only reads and conditions have: the cluster would, after the other has perhaps applied the write, and no queue takes it.
 *
 * @throws TypeError naming the cluster and the way out.
 */
export function assertWriteLevel(clusters: Iterable<ClusterConfig>, options: ReadOptions): void {
  for (const config of clusters) {
    const level = config.consistencyOf(options);
    if (level !== serial && level !== localSerial) continue;
    throw new TypeError(
      `The consistency of a write to cluster ${config.cluster} would be ${level === serial ? "SERIAL" : "LOCAL_SERIAL"}, which only reads and conditions have: ` +
        `pass another \`consistency\`, or change that of \`clusters.${config.cluster}\``,
    );
  }
}
