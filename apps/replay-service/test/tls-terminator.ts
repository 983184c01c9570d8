import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import type { ScriptedCqlServer } from "@helix/testkit";

/** TLS in front of a cluster. */
export class TlsTerminator {
  readonly contactPoint: string;
  readonly #server: tls.Server;

  private constructor(server: tls.Server) {
    this.#server = server;
    this.contactPoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start({ host, port }: ScriptedCqlServer, options: tls.TlsOptions): Promise<TlsTerminator> {
    const server = tls.createServer(options, (socket) => {
      const upstream = net.connect(port, host);
      socket.pipe(upstream).pipe(socket);
      socket.on("error", () => {}).on("close", () => upstream.destroy());
      upstream.on("error", () => {}).on("close", () => socket.destroy());
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new TlsTerminator(server);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
