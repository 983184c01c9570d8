import { once } from "node:events";
import net from "node:net";

/*
 * Below the ports that Linux (32768 up) and macOS (49152 up) hand to outgoing connections. A server
 * that is killed and started again needs its old port: from the upper range some client's socket may
 * have taken it meanwhile, or a client that keeps on connecting may have connected to itself.
 */
const LOWEST = 16_384;
const HIGHEST = 32_767;
const TRIES = 100;

/** Makes `server` listen on a free port outside the range of outgoing connections. Resolves with the port. */
export async function listenOnFreePort(server: net.Server, host: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    try {
      return await listenOn(server, host, port);
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
  }
}

/**
 * Makes `server` listen on `port`. Resolves with it; rejects with the system's error, `EADDRINUSE` for
 * example.
 */
export async function listenOn(server: net.Server, host: string, port: number): Promise<number> {
  server.listen({ host, port });
  await once(server, "listening"); // rejects on "error"
  return port;
}

/**
 * `count` different free ports. All are held at once and then released, so another process may take one
 * before it is used: whoever binds it should be ready to ask again.
 */
export async function freePorts(count: number, host = "127.0.0.1"): Promise<number[]> {
  const held = Array.from({ length: count }, () => net.createServer());
  try {
    return await Promise.all(held.map((server) => listenOnFreePort(server, host)));
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  }
}
