import { writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ProviderUnavailableError, type StartContext } from "../servers/first-usable.ts";
import { Guardian } from "../servers/guardian.ts";
import { ServerProcess } from "../servers/server-process.ts";
import { findNatsBinary } from "./nats-binary.ts";
import { natsConfig } from "./nats-config.ts";
import { type NatsLauncher, type NatsNode, type NatsPlan, natsProbe } from "./nats-node.ts";
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
  const launch = (plan: NatsPlan) => launchProcess(binary, plan);
  const route = (_name: string, port: number) => `${HOST}:${port}`;
  return {
    source: "processes",
    kind: "local process",
    host: HOST,
    bindAddress: HOST,
    launch,
    openCluster: async () => ({ route, launch, close: async () => {} }),
  };
}

async function launchProcess(binary: string, plan: NatsPlan): Promise<NatsNode> {
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
  const file = path.join(guardian.directory, "nats.conf");
  const storeDirectory = path.join(guardian.directory, "store");
  await writeFile(file, natsConfig({ ...plan, listenAddress: HOST, storeDirectory }));
  // In the directory that the server runs in.
  for (const [name, content] of Object.entries(plan.files ?? {})) {
    await writeFile(path.join(guardian.directory, name), content);
  }
  const probe = natsProbe(HOST, plan);
  const control = new ServerProcess(guardian, {
    name: `NATS on ${probe.url}`,
    command: binary,
    args: ["-c", file],
    env: { ...process.env, ...plan.environment },
    answers: probe.answers,
    startTimeoutMs: START_TIMEOUT_MS,
  });
  await control.start(plan.signal);
  return probe.node(control);
}
