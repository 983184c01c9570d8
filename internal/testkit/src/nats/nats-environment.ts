import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { type NatsInfo, readNatsInfo } from "./nats-answers.ts";
import { serves, wanted } from "./nats-binary.ts";
import type { NatsServer, NatsServerOptions } from "./nats-server.ts";

const DEFAULT_PORT = 4222;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * A server that somebody else runs, by `HELIX_NATS_URL`. A wrong address is an error, not a reason to go on; a
 * server that is not what was asked for is one.
 */
export async function useNatsEnvironment({
  killable = false,
  config,
  version: line,
}: NatsServerOptions): Promise<NatsServer> {
  const url = process.env.HELIX_NATS_URL;
  if (!url) throw new ProviderUnavailableError("HELIX_NATS_URL is not set");
  if (killable)
    throw new ProviderUnavailableError("the server is going to be killed, and that one is not ours");
  if (config !== undefined) throw new ProviderUnavailableError("settings are asked for, and it has its own");
  const { hostname, port } = parse(url);
  const address = `${hostname}:${port}`; // not the URL, which may have a password
  const info = await readNatsInfo(hostname, port, ANSWER_TIMEOUT_MS);
  if (info === undefined) throw new Error(`No NATS answers at ${address}`);
  if (!info.jetstream) throw new Error(`NATS at ${address} has no JetStream`);
  if (!serves(info.version, line))
    throw new ProviderUnavailableError(`it is ${info.version}, and ${wanted(line)} is wanted`);
  return givenServer(url, info, address);
}

function parse(url: string): { hostname: string; port: number } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(nats|tls):$/.test(parsed.protocol) || parsed.hostname === "") {
    throw new TypeError("Expected `HELIX_NATS_URL` to be nats://host:port");
  }
  return { hostname: parsed.hostname, port: Number(parsed.port || DEFAULT_PORT) };
}

function givenServer(url: string, { name, version }: NatsInfo, address: string): NatsServer {
  const notOurs = async () => {
    throw new Error(
      `NATS at ${address} comes from HELIX_NATS_URL: it cannot be killed or paused. Ask for \`killable\``,
    );
  };
  const stop = async () => {};
  return {
    name,
    url,
    version,
    source: "environment",
    description: `NATS ${version} from the environment at ${address}`,
    kill: notOurs,
    terminate: notOurs,
    start: notOurs,
    restart: notOurs,
    pause: notOurs,
    resume: notOurs,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
