import type { Status } from "./pod.ts";
import { duration } from "./words.ts";

/** Something that is wrong, in words. */
export interface Trouble {
  /** The same for as long as it is the same trouble, whatever its words are by then. */
  readonly key: string;
  /** Under which the runbook has it. */
  readonly code?: string | undefined;
  readonly isBad: boolean;
  readonly mark: string;
  readonly text: string;
}

/** What holds of clusters and pods and should not; what they warn of; and what could not be read. The worst first. */
export function troublesOf({ clusters, pods, warnings, unread }: Status): Trouble[] {
  const away = [clusters.A, clusters.B].flatMap(
    ({ cluster, name, breaker: { state, openPods, pods: all } }): Trouble[] => {
      const of = state === "partly-open" ? ` for ${openPods} of ${all} pods` : "";
      return state === "open" || of !== ""
        ? [
            {
              key: `away ${cluster}`,
              code: "cluster-away",
              isBad: true,
              mark: "away",
              text: `${name} is away${of}`,
            },
          ]
        : [];
    },
  );
  const silent = pods.flatMap(({ id, isAlive, silentMs }): Trouble[] =>
    isAlive
      ? []
      : [
          {
            key: `silent ${id}`,
            isBad: true,
            mark: "silent",
            text: `pod ${id} has not said anything for ${duration(silentMs)}`,
          },
        ],
  );
  const all: readonly Trouble[] = [
    ...away,
    ...unread.map(({ part, error }) => ({
      key: `unread ${part}`,
      isBad: true,
      mark: "not read",
      text: `${part}: ${error}`,
    })),
    ...silent,
    ...warnings.map(({ code, cluster, lane, sentence }) => ({
      key: `warning ${code} ${cluster} ${lane}`,
      code,
      isBad: false,
      mark: "warning",
      text: sentence,
    })),
  ];
  // Two of one kind, as of a queue that is nearly full by number and by bytes.
  return all.map((one, at) => {
    const nth = all.slice(0, at).filter(({ key }) => key === one.key).length;
    return nth === 0 ? one : { ...one, key: `${one.key} ${nth}` };
  });
}
