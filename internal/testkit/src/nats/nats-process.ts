import { writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ProviderUnavailableError, type StartContext } from "../servers/first-usable.ts";
import { Guardian } from "../servers/guardian.ts";
import { ServerProcess } from "../servers/server-process.ts";
import { isHealthy, readNatsInfo } from "./nats-answers.ts";
import { findNatsBinary } from "./nats-binary.ts";
import { natsConfig } from "./nats-config.ts";
import type { NatsLauncher, NatsNode, NatsPlan } from "./nats-node.ts";
import type { NatsLine } from "./nats-server.ts";

const HOST = "127.0.0.1";
const START_TIMEOUT_MS = 30_000;

/** Child processes of this one, on loopback, each in a temporary directory of its own. */
export async function natsProcesses(
  line: NatsLine | undefined,
  context: StartContext,
): Promise<NatsLauncher> {
  if (process.platform === "win32") throw new ProviderUnavailableError("they need a POSIX shell");
  const binary = await findNatsBinary(line, { ...context, env: process.env });
  return { source: "processes", kind: "local process", host: HOST, launch: (plan) => launch(binary, plan) };
}

async function launch(binary: string, plan: NatsPlan): Promise<NatsNode> {
  plan.signal.throwIfAborted();
  const guardian = await Guardian.open(path.join(os.tmpdir(), "helix-nats-XXXXXX"));
  try {
    return await launchIn(guardian, binary, plan);
  } catch (error) {
    await guardian.close();
    throw error;
  }
}

async function launchIn(guardian: Guardian, binary: string, plan: NatsPlan): Promise<NatsNode> {
  const { port, monitorPort, cluster, signal } = plan;
  const file = path.join(guardian.directory, "nats.conf");
  const storeDirectory = path.join(guardian.directory, "store");
  await writeFile(file, natsConfig({ ...plan, listenAddress: HOST, storeDirectory }));
  const info = () => readNatsInfo(HOST, port);
  const healthy = () => isHealthy(HOST, monitorPort);
  const url = `nats://${HOST}:${port}`;
  const control = new ServerProcess(guardian, {
    name: `NATS on ${url}`,
    command: binary,
    args: ["-c", file],
    answers: async () => (await info())?.jetstream === true && (cluster !== undefined || (await healthy())),
    startTimeoutMs: START_TIMEOUT_MS,
  });
  await control.start(signal);
  return { control, url, version: (await info())?.version ?? "unknown", healthy };
}
