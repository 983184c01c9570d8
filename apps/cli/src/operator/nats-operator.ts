import {
  cancelJob,
  countForJob,
  doctor,
  drain,
  getJob,
  groupLetters,
  type Job,
  listJobs,
  type Operated,
  pause,
  removeRate,
  resume,
  setRate,
  startJob,
  status,
  toldLetter,
  undrain,
} from "@helix/operations";
import { connectNatsOperator, ensureTopology } from "@helix/replayer-nats";
import { natsOptions } from "./nats-settings.ts";
import type { GateVerb, Operator, ShownJob } from "./operator.ts";
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
  const boxes = { dead: deadLetters, trash: deadLetters.trash };
  return {
    status: () => status(operated),
    order: (verb, cluster, order) => ORDERS[verb](operated, cluster, order),
    setRate: (cluster, { perSecond, untilMs, ...order }) =>
      perSecond === undefined
        ? removeRate(operated, cluster, order)
        : setRate(operated, cluster, { ...order, perSecond, untilMs }),
    doctor: () => doctor(operated),
    async letters(box, filter, page) {
      const { letters, cursor } = await boxes[box].page(filter, page);
      return { letters: letters.map(toldLetter), ...(cursor !== undefined && { cursor }) };
    },
    letterGroups: (box, filter, page) => groupLetters(operated, box, filter, page),
    jobCount: (verb, filter) => countForJob(operated, { verb, filter }),
    async letter(box, id) {
      const letter = await boxes[box].get(id);
      return letter && toldLetter(letter);
    },
    startJob: async (order) => shown(await startJob(operated, order)),
    jobs: async () => ({ jobs: (await listJobs(operated)).jobs.map(shown) }),
    job: async (id) => shown(await getJob(operated, id)),
    cancelJob: async (id, ordered) => shown(await cancelJob(operated, id, ordered)),
    [Symbol.asyncDispose]: () => closed[Symbol.asyncDispose](),
  };
}

function shown({ stageWaitMs: _, stageMaxDiedAgain: __, ...job }: Job): ShownJob {
  return job;
}
