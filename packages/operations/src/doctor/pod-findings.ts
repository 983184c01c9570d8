import type { ControlStore, Finding } from "@helix/core";
import { type ListedPod, listPods } from "../pods/pod-list.ts";

/** Further apart, an order is over for one pod and holds for another. Milliseconds. */
const APART_MS = 1000;
const MOST_NAMED = 10;

/**
 * Compares the clocks of the pods that are alive with each other and with the store's, by when each wrote its last report and when that was
 * stored. Rejects as the store does.
 */
export async function podFindings(control: Pick<ControlStore, "list">): Promise<Finding[]> {
  const offsets = (await listPods(control)).flatMap(offsetOf);
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
