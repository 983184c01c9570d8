import http from "node:http";
import net from "node:net";

const ANSWER_TIMEOUT_MS = 1_000;

/** What a server says of itself to whoever connects. */
export interface NatsInfo {
  readonly name: string;
  readonly version: string;
  readonly jetstream: boolean;
}

/** The INFO line of whoever listens there; undefined where there is none within `timeoutMs`. Never rejects. */
export function readNatsInfo(
  host: string,
  port: number,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<NatsInfo | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port }).setEncoding("utf8");
    let text = "";
    const done = (info?: NatsInfo) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(info);
    };
    const timer = setTimeout(done, timeoutMs);
    socket
      .on("data", (piece) => {
        text += piece;
        if (text.includes("\r\n")) done(parseInfo(text));
      })
      .on("error", () => done())
      .on("close", () => done());
  });
}

function parseInfo(text: string): NatsInfo | undefined {
  try {
    const json = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1] ?? "";
    const info = JSON.parse(json) as { server_name: string; version: string; jetstream?: boolean };
    return { name: info.server_name, version: info.version, jetstream: info.jetstream === true };
  } catch {
    return undefined; // somebody else
  }
}

/**
 * Whether the server whose monitoring port this is calls itself healthy: every stream is recovered, and in a
 * cluster the meta leader is known. Never rejects.
 */
export function isHealthy(host: string, monitorPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    // No agent: a connection that is kept for later would count as left open.
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    http
      .get({ host, port: monitorPort, path: "/healthz", agent: false, signal }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
      .on("error", () => resolve(false));
  });
}
