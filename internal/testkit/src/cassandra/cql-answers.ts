import net from "node:net";

/** An OPTIONS frame of protocol version 4: the one request that needs neither a session nor a password. */
const OPTIONS = Buffer.from([4, 0, 0, 0, 5, 0, 0, 0, 0]);
const SUPPORTED = 6;

/** Whether a Cassandra answers CQL there, within `timeoutMs`. Never rejects. */
export function cqlAnswers(host: string, port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const done = (answered: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(done, timeoutMs, false);
    socket
      .on("connect", () => socket.write(OPTIONS))
      .on("data", (bytes) => done(bytes[4] === SUPPORTED))
      .on("error", () => done(false))
      .on("close", () => done(false));
  });
}
