import type { AnswerOf, Right } from "@helix/admin-api";
import { systemClock } from "@helix/core";
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Client } from "./api/client.ts";
import { Poller, type Seen } from "./api/poller.ts";

export type Status = AnswerOf<"status">;
export type ClusterStatus = Status["clusters"]["A"];
export type Traffic = AnswerOf<"traffic">;
export type Job = AnswerOf<"jobs">["jobs"][number];

/** What every part of the page has at hand. */
export interface Pod {
  readonly client: Client;
  /** Undefined: the pod has not said. Then it is the pod that refuses. */
  readonly rights: ReadonlySet<Right> | undefined;
  /** Where the runbook is; undefined: nobody has said. */
  readonly runbookUrl: string | undefined;
  /** It answers nothing, which is said at the top. */
  readonly isSilent: boolean;
  /** What is looked at again when something has been done. */
  readonly onChange: Set<() => void>;
}

export const PodContext = createContext<Pod | undefined>(undefined);

export function usePod(): Pod {
  const pod = useContext(PodContext);
  if (pod === undefined) throw new Error("There is no pod around this part of the page");
  return pod;
}

export function may(pod: Pod, right: Right): boolean {
  return pod.rights?.has(right) ?? true;
}

/** Something has been done: what is shown is looked at again. */
export function changed({ onChange }: Pod): void {
  for (const look of onChange) look();
}

export interface PolledOptions<T> {
  readonly ask: (signal: AbortSignal) => Promise<T>;
  readonly everyMs: (last: T) => number;
  readonly onChange: Set<() => void>;
}

/** Asks for as long as it is on the page, and anew where `what` is another; what was seen of the one before is forgotten. */
export function usePolled<T>(what: string, { ask, everyMs, onChange }: PolledOptions<T>): Seen<T> {
  const [seen, setSeen] = useState<Seen<T> & { readonly what?: string }>({});
  useEffect(() => {
    const poller = new Poller<T>({
      ask,
      everyMs,
      isHidden: () => document.hidden,
      onSeen: (now) => setSeen({ ...now, what }),
      clock: systemClock,
    });
    const look = () => poller.now();
    const onVisible = () => document.hidden || look();
    onChange.add(look);
    document.addEventListener("visibilitychange", onVisible);
    look();
    return () => {
      poller.stop();
      onChange.delete(look);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [what]);
  return seen.what === what ? seen : {};
}
