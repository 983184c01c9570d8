import { useEffect, useRef, useState } from "preact/hooks";
import type { Seen } from "../api/poller.ts";
import type { Status } from "../pod.ts";
import { stateOf } from "./cluster-mark.tsx";

/** That all is well is no news at first. */
const CALM: ReadonlyMap<string, string> = new Map([
  ["pod", "false"],
  ["warnings", ""],
]);

/** What has become another, for whoever listens to the page: not every number that has moved. */
export function Announcer({ seen }: { readonly seen: Seen<Status> }) {
  const [text, setText] = useState("");
  const last = useRef<ReadonlyMap<string, string>>(CALM);
  const states = statesOf(seen);
  const key = [...states.values()].map(([state]) => state).join();
  useEffect(() => {
    const news = [...states].filter(([what, [state]]) => last.current.get(what) !== state);
    last.current = new Map([...states].map(([what, [state]]) => [what, state]));
    if (news.length > 0) setText(news.map(([, [, sentence]]) => sentence).join(". "));
  }, [key]);
  return (
    <p class="unseen" aria-live="polite">
      {text}
    </p>
  );
}

function statesOf({ value, failure }: Seen<Status>): Map<string, readonly [state: string, sentence: string]> {
  const states = new Map<string, readonly [string, string]>();
  if (value === undefined) return states;
  states.set("pod", [String(failure !== undefined), failure?.message ?? "The pod answers"]);
  for (const one of [value.clusters.A, value.clusters.B]) {
    states.set(one.cluster, [stateOf(one)[1], one.sentence]);
  }
  const warnings = value.warnings.map(({ sentence }) => sentence).join(". ");
  const codes = value.warnings.map(({ code, cluster, lane }) => [code, cluster, lane].join());
  states.set("warnings", [codes.join(), warnings === "" ? "No warnings" : warnings]);
  return states;
}
