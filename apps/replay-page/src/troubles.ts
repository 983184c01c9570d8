import type { Status } from "./pod.ts";
import { duration } from "./words.ts";

/** Something that is wrong, in words. */
export interface Trouble {
  /** Under which the runbook has it. */
  readonly code?: string | undefined;
  readonly isBad: boolean;
  readonly mark: string;
  readonly text: string;
}

/** What holds of clusters and pods and should not; what they warn of; and what could not be read. The worst first. */
export function troublesOf({ clusters, pods, warnings, unread }: Status): Trouble[] {
  const away = [clusters.A, clusters.B].flatMap(
    ({ name, breaker: { state, openPods, pods: all } }): Trouble[] => {
      const of = state === "partly-open" ? ` for ${openPods} of ${all} pods` : "";
      return state === "open" || of !== ""
        ? [{ code: "cluster-away", isBad: true, mark: "away", text: `${name} is away${of}` }]
        : [];
    },
  );
  const silent = pods.flatMap(({ id, isAlive, silentMs }): Trouble[] =>
    isAlive
      ? []
      : [{ isBad: true, mark: "silent", text: `pod ${id} has not said anything for ${duration(silentMs)}` }],
  );
  return [
    ...away,
    ...unread.map(({ part, error }) => ({ isBad: true, mark: "not read", text: `${part}: ${error}` })),
    ...silent,
    ...warnings.map(({ code, sentence }) => ({ code, isBad: false, mark: "warning", text: sentence })),
  ];
}
