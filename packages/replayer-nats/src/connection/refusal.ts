import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { toldError } from "@helix/core/queue-kit";
import type { NatsConnectOptions } from "../connect-options.ts";
import { secureOptions } from "./connection-options.ts";
import { refused } from "./dial.ts";

const DEFAULT_PORT = 4222;
/** How long one that has greeted has to say that it takes nobody, which it does at once. */
const SECOND_THOUGHT_MS = 500;

/** What the servers said to whoever would connect. */
export interface Asked {
  /** Whether one of them said anything at all, or is known not to be there. */
  readonly isHeard: boolean;
  /** What one of them has against it. */
  readonly refusal?: Error | undefined;
}

/**
 * What the servers have against a connection with these options, one of them at least, as far as it is known by the time of the abort.
 * The client library tells of no try to reconnect, nor of a certificate that is refused: with TLS 1.3
 * that comes after the handshake, and the library has heard nothing but a timeout. Never rejects.
 */
export async function askedWhy(options: NatsConnectOptions, signal: AbortSignal): Promise<Asked> {
  let isHeard = false;
  const onHeard = () => {
    isHeard = true;
  };
  const answers = [options.servers].flat().map((server) =>
    ask(server, options, onHeard, signal).catch((error: Error) => {
      if (error.name === "AbortError") return undefined;
      onHeard();
      return error;
    }),
  );
  const refusals = (await Promise.all(answers)).filter((error) => error !== undefined);
  // A server that is not there says less than one that refuses.
  const refusal = refusals.find((error) => !("syscall" in error)) ?? refusals[0];
  return { isHeard, refusal: refusal && readable(refusal) };
}

/** Undefined if there is no TLS. Rejects with the server's refusal, or on abort: who has none waits for the client to go on. */
async function ask(
  server: string,
  options: NatsConnectOptions,
  onHeard: () => void,
  signal: AbortSignal,
): Promise<undefined> {
  const address = `nats://${server.trim().replace(/^\w+:\/\//, "")}`;
  // The client library takes an address of version 6 without brackets as well.
  if (!URL.canParse(address)) {
    onHeard();
    return undefined;
  }
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = net.connect(Number(port || DEFAULT_PORT), host).on("error", () => {});
  try {
    if (options.tls?.handshakeFirst !== true) {
      const [line] = await once(socket, "data", { signal });
      onHeard();
      const needsTls = /"tls_(required|available)": *true/.test(String(line));
      const said = saidIn(line) ?? (needsTls ? undefined : saidIn(await nextOf(socket, signal)));
      if (said !== undefined) throw refused(said);
      if (!needsTls) return undefined;
    }
    const servername = net.isIP(host) === 0 ? host : "";
    const secured = tls
      .connect({ host, socket, servername, ...secureOptions(options.tls) })
      .on("error", () => {});
    await once(secured, "data", { signal });
    onHeard();
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** What comes within a moment, if anything does. */
async function nextOf(socket: net.Socket, signal: AbortSignal): Promise<unknown> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(SECOND_THOUGHT_MS)]);
  return once(socket, "data", { signal: soon }).catch(() => undefined);
}

/** A server's word against a client. */
function saidIn(data: unknown): string | undefined {
  return /^-ERR '(.*)'/m.exec(String(data))?.[1];
}

/** OpenSSL puts the server's words between its own: "…:tlsv13 alert certificate required:…". */
function readable(error: Error & { code?: string }): Error {
  const [, alert] = /^ERR_SSL_\w*ALERT_(\w+)$/.exec(error.code ?? "") ?? [];
  if (alert === undefined) return error;
  const text = `NATS refuses the certificate of this client, or that there is none (${alert.replaceAll("_", " ").toLowerCase()})`;
  return Object.assign(toldError(text), { code: error.code, cause: error });
}
