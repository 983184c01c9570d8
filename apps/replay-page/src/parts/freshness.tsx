import { systemClock } from "@helix/core";
import { useEffect, useState } from "preact/hooks";
import type { Seen } from "../api/poller.ts";
import type { Status } from "../pod.ts";
import { duration, moment } from "../words.ts";

/** Older than that is said, although nothing has failed yet. */
const FRESH_MS = 6_000;

/** Of when what is shown is; and that the pod does not answer, if so. */
export function Freshness({ seen: { value, atMs, failure } }: { readonly seen: Seen<Status> }) {
  const nowMs = useNow();
  const ageMs = atMs === undefined ? undefined : nowMs - atMs;
  const isOld = failure !== undefined || (ageMs ?? 0) > FRESH_MS;
  const why = failure?.message ?? "Waiting for the pod.";
  return (
    <>
      <p class="quiet moment">{value !== undefined && !isOld && moment(value.atMs)}</p>
      {isOld && (
        <p class="problem stale">
          {ageMs === undefined
            ? why
            : `As of ${duration(Math.round(ageMs / 1000) * 1000)} ago; ${continued(why)}`}
        </p>
      )}
    </>
  );
}

function continued(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Every second. */
function useNow(): number {
  const [nowMs, setNowMs] = useState(() => systemClock.monotonicMs());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(systemClock.monotonicMs()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
