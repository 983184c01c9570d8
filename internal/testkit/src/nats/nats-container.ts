import type { ContainerRuntimeClient, GenericContainer } from "testcontainers";
import { findDockerEngine } from "../servers/docker-engine.ts";
import type { StartContext } from "../servers/first-usable.ts";
import { ServerContainer } from "../servers/server-container.ts";
import { natsConfig } from "./nats-config.ts";
import { type NatsLauncher, type NatsNode, type NatsPlan, natsProbe } from "./nats-node.ts";
import type { NatsLine } from "./nats-server.ts";

const CLIENT_PORT = 4222;
const MONITOR_PORT = 8222;
const CLUSTER_PORT = 6222;
const DIRECTORY = "/tmp";
const CONFIG = `${DIRECTORY}/helix-nats.conf`;
const START_TIMEOUT_MS = 60_000;

/** Containers of the official image, in the Docker engine of this machine. */
export async function natsContainers(
  line: NatsLine | undefined,
  context: StartContext,
): Promise<NatsLauncher> {
  const image = `nats:${line ?? "2.12"}-alpine`;
  const engine = await findDockerEngine(image, context);
  return {
    source: "containers",
    kind: `container of ${image}`,
    host: engine.info.containerRuntime.host,
    bindAddress: "0.0.0.0",
    launch: (plan) => launchContainer(engine, image, plan),
    openCluster: async () => {
      const { Network } = await import("testcontainers");
      const network = await new Network().start();
      return {
        route: (name) => `${name}:${CLUSTER_PORT}`,
        launch: (plan) =>
          launchContainer(engine, image, plan, (container) =>
            container.withNetwork(network).withNetworkAliases(plan.name),
          ),
        close: async () => {
          await network.stop();
        },
      };
    },
  };
}

async function launchContainer(
  engine: ContainerRuntimeClient,
  image: string,
  plan: NatsPlan,
  join: (container: GenericContainer) => GenericContainer = (container) => container,
): Promise<NatsNode> {
  const probe = natsProbe(engine.info.containerRuntime.host, plan);
  const content = natsConfig({
    ...plan,
    listenAddress: "0.0.0.0",
    port: CLIENT_PORT,
    monitorPort: MONITOR_PORT,
    cluster: plan.cluster && { ...plan.cluster, port: CLUSTER_PORT },
    storeDirectory: "/data",
  });
  const files = Object.entries(plan.files ?? {}).map(([name, content]) => ({
    content,
    target: `${DIRECTORY}/${name}`,
  }));
  const control = await ServerContainer.launch({
    engine,
    image,
    name: `NATS on ${probe.url}`,
    answers: probe.answers,
    startTimeoutMs: START_TIMEOUT_MS,
    signal: plan.signal,
    configure: (container) =>
      join(container)
        .withExposedPorts(
          { container: CLIENT_PORT, host: plan.port },
          { container: MONITOR_PORT, host: plan.monitorPort },
        )
        .withCopyContentToContainer([{ content, target: CONFIG }, ...files])
        .withEnvironment({ ...plan.environment })
        .withWorkingDir(DIRECTORY)
        .withCommand(["-c", CONFIG]),
  });
  return probe.node(control);
}
