import { ownedPair, startBoth } from "../cassandra/both.ts";
import type { CassandraPair, OwnedNode, ProviderContext } from "../cassandra/cassandra-node.ts";
import { type ScriptedCqlServer, startScriptedCqlServer } from "../scripted-cql-server.ts";
import { SimulatedOrders } from "./simulated-orders.ts";

/**
 * Two simulated clusters for the demo, where there is no real Cassandra to be had. No test may rest on them.
 */
export async function startSimulation({ signal }: Pick<ProviderContext, "signal">): Promise<CassandraPair> {
  const nodes = await startBoth(startSimulatedNode, signal);
  const what =
    "SIMULATION, not Cassandra: two small servers in this process, with last-write-wins, for the demo's statements only";
  return ownedPair("simulation", what, nodes);
}

async function startSimulatedNode(): Promise<OwnedNode> {
  const orders = new SimulatedOrders();
  const server = await startScriptedCqlServer({
    onRequest: orders.onRequest,
    types: orders.types,
    record: false,
  });
  const { host, port, contactPoint, localDataCenter } = server;
  return {
    host,
    port,
    contactPoint,
    localDataCenter,
    kill: () => server.setDown(),
    start: () => server.setUp(),
    pause: async () => running(server).pause(),
    resume: async () => running(server).resume(),
    close: () => server.close(),
  };
}

function running(server: ScriptedCqlServer): ScriptedCqlServer {
  if (server.isUp) return server;
  throw new Error(
    `The simulated node ${server.contactPoint} is not running, so it cannot be paused or resumed`,
  );
}
