import type { ControlledServer } from "../servers/controlled-server.ts";
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
  readonly signal: AbortSignal;
}

/** One server that runs. */
export interface NatsNode {
  readonly control: ControlledServer;
  readonly url: string;
  readonly version: string;
  healthy(): Promise<boolean>;
}

/** What starts servers on this machine. */
export interface NatsLauncher {
  readonly source: Exclude<NatsSource, "environment">;
  /** For people: "process", "container of nats:2.12-alpine". */
  readonly kind: string;
  /** Where its servers are reached. */
  readonly host: string;
  /** Resolves when the server is up. When it does not come up, or on abort, nothing is left behind. */
  launch(plan: NatsPlan): Promise<NatsNode>;
}

/** A node as its user holds it. */
export function natsServer({ control, url, version }: NatsNode, { source, kind }: NatsLauncher): NatsServer {
  return {
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
    stop: () => control.close(),
    [Symbol.asyncDispose]: () => control.close(),
  };
}
