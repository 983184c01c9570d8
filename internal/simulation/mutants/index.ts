import type { Mutant } from "../src/run/run-mutants.ts";
import { clientMutants } from "./client.ts";
import { natsMutants } from "./nats.ts";
import { queueMutants } from "./queue.ts";
import { workerMutants } from "./worker.ts";

/** Code that is broken on purpose, each in one way: the proof that the simulation can fail. */
export const mutants: readonly Mutant[] = [
  ...workerMutants,
  ...queueMutants,
  ...clientMutants,
  ...natsMutants,
];
