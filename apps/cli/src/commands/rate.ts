import { CLUSTERS, type ClusterId } from "@helix/core";
import type { Status } from "@helix/operations";
import { Failure, UsageError } from "../failures.ts";
import { clusterIn } from "../input/cluster.ts";
import { endOf } from "../input/end-of.ts";
import { overSeen, statusAfter } from "../operator/over-seen.ts";
import { clean } from "../output/clean.ts";
import { moment, quantity } from "../output/words.ts";
import type { Answer, Session } from "../session.ts";

export interface RateFlags {
  readonly reason?: string | undefined;
  readonly until?: string | undefined;
}

const EXAMPLES = ['helix rate B 500 --reason "after the outage"', 'helix rate B none --reason "it is fine"'];

/** Shows the rates, or gives an order over what it has just seen. */
export async function rate(session: Session, args: readonly string[], flags: RateFlags): Promise<Answer> {
  const operator = await session.operator();
  const before = await operator.status();
  const [given, limit] = args;
  if (given === undefined) return ratesAnswer(before);
  const { reason, until } = flags;
  const cluster = clusterIn(given, before.clusters, (one) => `helix rate ${one} 500 --reason "…"`);
  if (limit === undefined) throw new UsageError("Expected a rate, or none", ...EXAMPLES);
  const perSecond = limit === "none" ? undefined : numberIn(limit);
  if (reason === undefined) throw new UsageError("Expected --reason: why, for others", ...EXAMPLES);
  if (perSecond === undefined && until !== undefined) {
    throw new UsageError("Expected --until with a rate: what is taken away has no end", ...EXAMPLES);
  }
  const untilMs = endOf(until, before.atMs, `helix rate ${cluster} ${limit} --reason "…"`);
  const { rates: revision } = before.revisions;
  if (revision === undefined) throw new Failure("The rates could not be read: nothing was changed");
  const order = { perSecond, untilMs, by: session.by, why: reason, revision };
  const rates = await session.ordered(overSeen(operator, operator.setRate(cluster, order)), "helix rate");
  const after = await statusAfter(session, operator);
  if (after !== undefined) return ratesAnswer(after);
  const { by, why } = order;
  const now = perSecond === undefined ? undefined : { perSecond, untilMs, by, why, sinceMs: before.atMs };
  const { clusters } = before;
  return ratesAnswer({
    clusters: { ...clusters, [cluster]: { ...clusters[cluster], rate: now } },
    revisions: { rates },
  });
}

function ratesAnswer({ clusters, revisions }: Pick<Status, "clusters" | "revisions">): Answer {
  const of = (cluster: ClusterId) => clusters[cluster].rate ?? null;
  return {
    data: { revision: revisions.rates, rates: { A: of("A"), B: of("B") } },
    text: () => CLUSTERS.map((cluster) => `${clean(textOf(clusters[cluster]))}\n`).join(""),
  };
}

function textOf({ name, rate: order }: Status["clusters"]["A"]): string {
  if (order === undefined) return `${name}: any rate`;
  const { perSecond, by, why, untilMs } = order;
  const end = untilMs === undefined ? "" : `, until ${moment(untilMs)}`;
  return `${name}: ${quantity(perSecond)}/s at most over all pods, by ${by}: ${why}${end}`;
}

function numberIn(given: string): number {
  const number = /^\d{1,9}(\.\d{1,3})?$/.test(given) ? Number(given) : 0;
  if (number > 0) return number;
  throw new UsageError(`Expected executions per second, or none, got ${JSON.stringify(given)}`, ...EXAMPLES);
}
