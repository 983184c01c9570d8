import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { startTogether } from "../servers/start-together.ts";
import { withFreePorts } from "../servers/with-free-ports.ts";
import { waitFor } from "../wait-for.ts";
import { startFromFirst } from "./nats-choice.ts";
import { type NatsClusterLauncher, type NatsLauncher, type NatsNode, natsServer } from "./nats-node.ts";
import type { NatsCluster, NatsClusterOptions, NatsConfig } from "./nats-server.ts";

const HEALTHY_TIMEOUT_MS = 30_000;
const PORTS_PER_NODE = 3;

/**
 * Brings up servers that form one JetStream, from the first source that this machine has: containers, local
 * processes. Resolves when there is a meta leader and every node knows it. Rejects as `startNatsServer` does.
 * `config` goes to every node.
 */
export async function startNatsCluster(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  const { nodes: count = 3, config = {} } = options;
  if (!Number.isInteger(count) || count < 3 || count > 5) {
    throw new RangeError(`Expected \`nodes\` to be an integer from 3 to 5, got \`${count}\``);
  }
  const start = (launcher: NatsLauncher, signal: AbortSignal) =>
    withFreePorts(count * PORTS_PER_NODE, launcher.bindAddress, async (ports) => {
      const cluster = await launcher.openCluster();
      try {
        return natsCluster(await startNodes(launcher, cluster, ports, config, signal), cluster, launcher);
      } catch (error) {
        await cluster.close();
        throw error;
      }
    });
  return startFromFirst(options, start, async () => {
    throw new ProviderUnavailableError("a cluster is not taken from there");
  });
}

async function startNodes(
  { host }: NatsLauncher,
  cluster: NatsClusterLauncher,
  ports: readonly number[],
  extra: NatsConfig,
  signal: AbortSignal,
): Promise<NatsNode[]> {
  const members = Array.from({ length: ports.length / PORTS_PER_NODE }, (_, index) => {
    const [port = 0, monitorPort = 0, clusterPort = 0] = ports.slice(index * PORTS_PER_NODE);
    const name = `n${index + 1}`;
    return { name, port, monitorPort, clusterPort, route: cluster.route(name, clusterPort) };
  });
  const routes = members.map(({ route }) => route);
  const nodes = await startTogether(
    members,
    ({ name, port, monitorPort, clusterPort }, either) => {
      const place = { port: clusterPort, routes, clientAddress: `${host}:${port}` };
      return cluster.launch({ name, port, monitorPort, cluster: place, extra, signal: either });
    },
    signal,
  );
  try {
    await untilHealthy(nodes, signal);
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.close()));
    throw error;
  }
}

async function untilHealthy(nodes: readonly NatsNode[], signal?: AbortSignal): Promise<void> {
  const everyHealthy = async () => (await Promise.all(nodes.map((node) => node.healthy()))).every(Boolean);
  await waitFor(everyHealthy, {
    timeoutMs: HEALTHY_TIMEOUT_MS,
    describe: "every node of the NATS cluster is healthy",
    intervalMs: 50,
    signal,
  });
}

function natsCluster(
  nodes: readonly NatsNode[],
  cluster: NatsClusterLauncher,
  launcher: NatsLauncher,
): NatsCluster {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= Promise.all(nodes.map((node) => node.close())).then(() => cluster.close());
    return stopping;
  };
  const urls = nodes.map(({ url }) => url);
  const version = nodes[0]?.version ?? "";
  return {
    nodes: nodes.map((node) => natsServer(node, launcher)),
    urls,
    version,
    source: launcher.source,
    description: `NATS ${version}, a cluster at ${urls.join(", ")}, each a ${launcher.kind}`,
    untilHealthy: () => untilHealthy(nodes),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
