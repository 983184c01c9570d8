import { withFreePorts } from "../servers/with-free-ports.ts";
import { startFromFirst } from "./nats-choice.ts";
import { useNatsEnvironment } from "./nats-environment.ts";
import { natsServer } from "./nats-node.ts";
import type { NatsServer, NatsServerOptions } from "./nats-server.ts";

/**
 * Brings up a real nats-server with JetStream, from the first source that this machine has: an address in the
 * environment, a container, a local process. Resolves when JetStream is ready. Rejects with one error that says
 * why each source was not used and what to install; with what went wrong, where a source was there but its server
 * did not start (the next is not tried then); or with the signal's reason. `stop()` the server: until then it
 * keeps the process alive.
 */
export function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const { config = {}, files, environment } = options;
  return startFromFirst(
    options,
    (launcher, signal) =>
      withFreePorts(2, launcher.bindAddress, async ([port = 0, monitorPort = 0]) => {
        const node = await launcher.launch({
          name: "helix",
          port,
          monitorPort,
          extra: config,
          files,
          environment,
          signal,
        });
        return natsServer(node, launcher);
      }),
    () => useNatsEnvironment(options),
  );
}
