import { ModelNatsConnection } from "../../src/nats/model-nats-connection.ts";
import { ModelNatsServer, type ModelNatsServerOptions } from "../../src/nats/model-nats-server.ts";
import { Random } from "../../src/scenario/random.ts";
import { SimProcess } from "../../src/world/sim-process.ts";
import { VirtualTime } from "../../src/world/virtual-time.ts";

/** A model server in a time of its own, and a process that is connected to it. */
export async function modelRig(options: Partial<ModelNatsServerOptions> = {}) {
  const time = new VirtualTime();
  const random = new Random("rig");
  const server = new ModelNatsServer({ time, random, ...options });
  const process = new SimProcess("client", time, { onDeath: () => {} });
  const connecting = ModelNatsConnection.connect({ server, process, random });
  const connection = await time.until(connecting, 1000);
  if (connection === undefined) throw new Error("The model does not connect");
  return { time, server, process, connection };
}
