import { freePorts } from "../ports.ts";

const TRIES = 3;

/** As Cassandra (two wordings), NATS and the Docker engine (two) put it. */
const PORT_TAKEN = /BindException|in use by another process|address already in use|port is already allocated/;

/**
 * Starts something on `count` free ports of `host`; with others, up to three times in all, where the error
 * says that somebody else was given one between our looking and the server's binding.
 */
export async function withFreePorts<T>(
  count: number,
  host: string,
  start: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts(count, host));
    } catch (error) {
      if (!PORT_TAKEN.test(String(error)) || attempt === TRIES) throw error;
    }
  }
}
