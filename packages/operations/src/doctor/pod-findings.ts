import type { ControlStore, Finding } from "@helix/core";
import { duration } from "@helix/core/internal";
import { type ListedPod, listPods } from "../pods/pod-list.ts";

/** Further apart, an order is over for one pod and holds for another. Milliseconds. */
const APART_MS = 1000;
const MOST_NAMED = 10;

/** Of pods there are reports, none of them lately; and clocks that differ. Rejects as the store does. */
export async function podFindings(control: Pick<ControlStore, "list">): Promise<Finding[]> {
  const pods = await listPods(control);
  return [...silenceFindings(pods), ...clockFindings(pods)];
}

/** One that stops takes its report away: those that are left were killed, or cannot write another one. */
function silenceFindings(pods: readonly ListedPod[]): Finding[] {
  const silent = pods.filter(({ isForgotten }) => !isForgotten);
  if (silent.length === 0 || silent.some(({ isAlive }) => isAlive)) return [];
  const silentMs = Math.min(...silent.map((pod) => pod.silentMs));
  return [
    {
      code: "pods-silent",
      harm: "standstill",
      where: "the pods",
      what: `No pod has reported for ${duration(silentMs)}: they were killed, or NATS answers and stores nothing, as with a full disk, and then what applications want to queue is refused as well.`,
      cure: "Look into the log of a pod. If it runs and says that it cannot say that it is there, make room on the servers' disks; if NATS stores nothing then, restart it.",
    },
  ];
}

/**
 * Compares the clocks of the pods that are alive with each other and with the store's, by when each wrote its last report and when that was
 * stored.
 */
function clockFindings(pods: readonly ListedPod[]): Finding[] {
  const offsets = pods.flatMap(offsetOf);
  const all = offsets.map(({ offsetMs }) => offsetMs);
  const apartMs = Math.max(0, ...all) - Math.min(0, ...all);
  if (apartMs <= APART_MS) return [];
  const off = offsets.filter(({ offsetMs }) => Math.abs(offsetMs) > APART_MS / 2);
  off.sort((one, other) => Math.abs(other.offsetMs) - Math.abs(one.offsetMs));
  const told = off.slice(0, MOST_NAMED);
  const others = off.length > told.length ? `, and ${off.length - told.length} more` : "";
  return [
    {
      code: "clock-offset",
      harm: "standstill",
      where: told.map(({ pod }) => `pod ${pod}`).join("; "),
      what: `The clocks of the pods and of the queue's servers are ${seconds(apartMs)} s apart (${told.map(sentence).join(", ")}${others}): an order with an end is over for one pod and holds for another, and ages differ by as much.`,
      cure: "Let all machines follow the same time servers.",
    },
  ];
}

interface Offset {
  readonly pod: string;
  readonly offsetMs: number;
}

function offsetOf({ isAlive, clockOffsetMs, report }: ListedPod): Offset[] {
  if (!isAlive || clockOffsetMs === undefined || report === undefined) return [];
  return [{ pod: report.id, offsetMs: clockOffsetMs }];
}

function sentence({ pod, offsetMs }: Offset): string {
  return `${pod} is ${seconds(Math.abs(offsetMs))} s ${offsetMs > 0 ? "ahead of" : "behind"} the servers`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
