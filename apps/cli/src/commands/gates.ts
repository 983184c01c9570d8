import type { ClusterId } from "@helix/core";
import type { ClusterStatus, Status } from "@helix/operations";
import { Failure } from "../failures.ts";
import { clusterIn } from "../input/cluster.ts";
import { endOf } from "../input/end-of.ts";
import type { GateVerb } from "../operator/operator.ts";
import { overSeen, statusAfter } from "../operator/over-seen.ts";
import { clean } from "../output/clean.ts";
import { duration } from "../output/words.ts";
import type { Answer, Session } from "../session.ts";

export interface GateFlags {
  readonly reason: string;
  readonly until?: string | undefined;
}

/** What each verb takes back without a word, and what it must not. */
const FROM = {
  pause: ["open", "paused"],
  drain: ["open", "paused", "drained"],
  resume: ["open", "paused"],
  undrain: ["open", "drained"],
} as const satisfies Record<GateVerb, readonly string[]>;

const DONE = {
  pause: "paused",
  drain: "drained",
  resume: "open again",
  undrain: "open again",
} as const satisfies Record<GateVerb, string>;

/** Gives the order over what it has just seen, and tells how it is then. */
export async function orderGate(
  session: Session,
  verb: GateVerb,
  given: string,
  { reason, until }: GateFlags,
): Promise<Answer> {
  const operator = await session.operator();
  const before = await operator.status();
  const cluster = clusterIn(given, before.clusters, (one) => typed(verb, one, reason));
  const untilMs = endOf(until, before.atMs, typed(verb, cluster, reason));
  const { gates: revision } = before.revisions;
  if (revision === undefined) throw unread(before);
  checkState(verb, before.clusters[cluster]);
  const order = { by: session.by, why: reason, untilMs, revision };
  const ordered = await session.ordered(
    overSeen(operator, operator.order(verb, cluster, order)),
    "helix status",
  );
  const after = await statusAfter(session, operator);
  const isOver = verb === "drain" || verb === "pause" ? untilMs : undefined;
  const end = isOver === undefined ? "" : ` (open again in ${duration(isOver - (after ?? before).atMs)})`;
  const sentence = after?.clusters[cluster].sentence ?? `${before.clusters[cluster].name}: ${DONE[verb]}`;
  return {
    data: {
      verb,
      cluster,
      revision: after?.revisions.gates ?? ordered,
      before: gateOf(before, cluster),
      after: after === undefined ? null : gateOf(after, cluster),
    },
    text: () => `${clean(sentence)}${end}\n`,
  };
}

function gateOf({ clusters }: Status, cluster: ClusterId) {
  return clusters[cluster].gate ?? null;
}

/** An order over what was seen is done whatever it takes back: so a person has to say that first. */
function checkState(verb: GateVerb, { cluster, gate, sentence }: ClusterStatus): void {
  const state = gate?.state ?? "open";
  if ((FROM[verb] as readonly string[]).includes(state)) return;
  const back = state === "drained" ? "undrain" : "resume";
  throw new Failure(`${sentence}: ${verb} would take that back without speaking of it. Nothing was changed`, {
    code: "HELIX_GATE_REFUSED",
    type: [typed(back, cluster, "…")],
  });
}

function unread({ unread: parts }: Status): Failure {
  const why = parts.find(({ part }) => part === "gates")?.error ?? "nobody says why";
  return new Failure(`What is ordered could not be read (${why}): nothing was changed`);
}

function typed(verb: GateVerb, cluster: string, reason: string): string {
  return `helix ${verb} ${cluster} --reason ${JSON.stringify(reason)}`;
}
