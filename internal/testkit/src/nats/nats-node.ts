import type { ControlledServer } from "../servers/controlled-server.ts";
import { isHealthy, readNatsInfo } from "./nats-answers.ts";
import type { NatsClusterConfig } from "./nats-config.ts";
import type { NatsConfig, NatsServer, NatsSource } from "./nats-server.ts";

/** One server that is to be started. */
export interface NatsPlan {
  readonly name: string;
  /** Free ports of the host. */
  readonly port: number;
  readonly monitorPort: number;
  /** In a cluster a start ends when it takes connections, elsewhere when it is healthy. */
  readonly cluster?: NatsClusterConfig | undefined;
  readonly extra: NatsConfig;
  /** Contents by name. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

/** One server that runs. */
export interface NatsNode {
  readonly name: string;
  readonly control: ControlledServer;
  readonly url: string;
  readonly version: string;
  /** By its own account; in a cluster it knows the meta leader then. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** What starts servers on this machine. */
export interface NatsLauncher {
  readonly source: Exclude<NatsSource, "environment">;
  /** For people: "process", "container of nats:2.12-alpine". */
  readonly kind: string;
  /** Where its servers are reached. */
  readonly host: string;
  /** The interface on which they take ports; `0.0.0.0` for all. */
  readonly bindAddress: string;
  /** Resolves when the server is up. When it does not come up, or on abort, nothing is left behind. */
  launch(plan: NatsPlan): Promise<NatsNode>;
  /** What the nodes of one cluster are started with. */
  openCluster(): Promise<NatsClusterLauncher>;
}

/** Starts nodes that reach each other. */
export interface NatsClusterLauncher {
  /** `host:port` at which the others reach a node, of which this is the name and a free port of the host. */
  route(name: string, port: number): string;
  launch(plan: NatsPlan): Promise<NatsNode>;
  /** After its nodes. */
  close(): Promise<void>;
}

/** How one sees from here whether a server runs. */
export interface NatsProbe {
  readonly url: string;
  /** Whether its start has ended, as `NatsServer.start` has it. Never rejects. */
  answers(): Promise<boolean>;
  healthy(): Promise<boolean>;
  /** What runs there, once it answers. */
  node(control: ControlledServer): NatsNode;
}

/** The probe of the server of `plan` on `host`. */
export function natsProbe(host: string, { name, port, monitorPort, cluster }: NatsPlan): NatsProbe {
  const url = `nats://${host}:${port}`;
  const healthy = () => isHealthy(host, monitorPort);
  let version = "";
  return {
    url,
    healthy,
    answers: async () => {
      const info = await readNatsInfo(host, port);
      version = info?.version ?? version;
      return info?.jetstream === true && (cluster !== undefined || (await healthy()));
    },
    node: (control) => ({ name, control, url, version, healthy, close: () => control.close() }),
  };
}

/** A node as its user holds it. */
export function natsServer(
  { name, control, url, version, close }: NatsNode,
  { source, kind }: NatsLauncher,
): NatsServer {
  return {
    name,
    url,
    version,
    source,
    description: `NATS ${version}, a ${kind} at ${url}`,
    kill: () => control.kill(),
    terminate: () => control.terminate(),
    start: () => control.start(),
    restart: async () => {
      await control.terminate();
      await control.start();
    },
    pause: () => control.pause(),
    resume: () => control.resume(),
    stop: close,
    [Symbol.asyncDispose]: close,
  };
}
