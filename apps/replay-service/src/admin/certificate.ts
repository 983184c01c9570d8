import type { SecureContextOptions, Server } from "node:tls";
import type { Clock, Logger } from "@helix/core";

const READ_AGAIN_MS = 10_000;

/** A certificate that is replaced holds for connections from then on, soon after. One that OpenSSL refuses leaves the one before. */
export function watchCertificate(
  server: Pick<Server, "prependListener" | "setSecureContext">,
  read: () => SecureContextOptions,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): void {
  let readAtMs = clock.monotonicMs();
  let last = JSON.stringify(read());
  // Before the server begins to shake hands.
  server.prependListener("connection", () => {
    if (clock.monotonicMs() - readAtMs < READ_AGAIN_MS) return;
    readAtMs = clock.monotonicMs();
    try {
      const options = read();
      const now = JSON.stringify(options);
      if (now === last) return;
      server.setSecureContext(options);
      last = now;
    } catch (error) {
      logger.warn({ error }, "the certificate of the admin API cannot be read; the one before holds");
    }
  });
}
