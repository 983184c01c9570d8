import { startSimulation } from "../simulation/simulated-pair.ts";
import type { CassandraPair } from "./cassandra-node.ts";
import { startContainers } from "./containers.ts";
import { useEnvironment } from "./environment.ts";
import { startProcesses } from "./processes.ts";
import { type CassandraPairOptions, startFirstUsable } from "./provider-choice.ts";

/**
 * Brings up two independent single-node clusters of real Cassandra 5.0, in parallel, from the first source
 * that this machine has: addresses in the environment, containers, local processes; with `allowSimulation`, a
 * simulation at last. Resolves when both answer. Rejects with one error that says why each source was not
 * used and what to install; with what went wrong, where a source was there but its servers did not start (the
 * next is not tried then); or with the signal's reason. `close()` the pair: until then it keeps the process
 * alive.
 */
export function startCassandraPair(options: CassandraPairOptions = {}): Promise<CassandraPair> {
  const providers = {
    environment: useEnvironment,
    containers: startContainers,
    processes: startProcesses,
    simulation: startSimulation,
  };
  return startFirstUsable(providers, options);
}
