import { doctor, drain, type Operated, pause, resume, status, toldLetter, undrain } from "@helix/operations";
import { connectNatsOperator, ensureTopology } from "@helix/replayer-nats";
import { natsOptions } from "./nats-settings.ts";
import type { GateVerb, Operator } from "./operator.ts";
import type { Sources } from "./sources.ts";

const ORDERS = { pause, resume, drain, undrain } satisfies Record<GateVerb, unknown>;

/** Straight from the queue and the control store on NATS. */
export async function openNatsOperator(sources: Sources): Promise<Operator> {
  const { options, topology, clusterNames } = natsOptions(sources);
  const queue = await connectNatsOperator(options);
  return {
    ...operatorOf({ queue, control: queue.control, clusterNames }, queue),
    setUp: ({ update }) => ensureTopology({ ...topology, provision: update ? "update" : "create" }),
  };
}

/** The verbs of `@helix/operations`, over whatever queue and store. */
export function operatorOf(operated: Operated, closed: AsyncDisposable): Operator {
  const { deadLetters } = operated.queue;
  return {
    status: () => status(operated),
    order: (verb, cluster, order) => ORDERS[verb](operated, cluster, order),
    doctor: () => doctor(operated),
    async letters(filter, page) {
      const { letters, cursor } = await deadLetters.page(filter, page);
      return { letters: letters.map(toldLetter), ...(cursor !== undefined && { cursor }) };
    },
    async letterGroups(filter, limit) {
      const groups = await deadLetters.groups(filter);
      return { groups: groups.slice(0, limit), total: groups.length };
    },
    letterCount: (filter) => deadLetters.count(filter),
    async letter(id) {
      const letter = await deadLetters.get(id);
      return letter && toldLetter(letter);
    },
    [Symbol.asyncDispose]: () => closed[Symbol.asyncDispose](),
  };
}
