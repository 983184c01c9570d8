import { type HelixError, helixError } from "@helix/core";
import { toldError } from "@helix/core/queue-kit";
import { errors, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { NatsConnectOptions } from "../connect-options.ts";
import type { LinkSettings } from "../options.ts";
import { connectionOptions } from "./connection-options.ts";
import { checkServer } from "./server-version.ts";

/**
 * One try to connect by the options of the queue. Rejects with the library's error, and with HELIX_SERVER_UNSUPPORTED, which no
 * other try would change.
 */
export async function dial({
  connect: options,
  allowOldServer,
  logger,
}: LinkSettings): Promise<NatsConnection> {
  const connection = await connect(connectionOptions(options as NatsConnectOptions));
  try {
    checkServer(connection.info?.version, { allowOldServer, logger: undefined });
  } catch (error) {
    logger.error({ err: error }, "this NATS server is not supported");
    await connection.close();
    throw error;
  }
  return connection;
}

/**
 * Whether a server has refused a login. The library calls it so too where the server has waited in vain for one (`auth_timeout`, 2 s): of a process that
 * stood still, which says nothing about its credentials.
 */
export function isRefusedLogin(error: unknown): boolean {
  return error instanceof errors.AuthorizationError && !/timeout/i.test(error.message);
}

export function unauthorized(cause: Error): HelixError {
  const text = "NATS does not accept these credentials";
  return helixError("HELIX_QUEUE_UNAUTHORIZED", text, { operation: "connect", stored: "no" }, { cause });
}

/** By what a server has said of itself, such as that it has no room for another connection. */
export function refused(said: string): Error {
  return toldError(`NATS refuses the connection: ${said}`);
}

/** Node says what a certificate names, and not what can be done about it. */
export function withWayOut(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (code !== "ERR_TLS_CERT_ALTNAME_INVALID" || message?.includes("`tls.serverName`")) return error;
  const text = `${message}. Give what the certificates name as \`tls.serverName\``;
  return Object.assign(toldError(text), { code, cause: error });
}

export function isFinal(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "HELIX_SERVER_UNSUPPORTED";
}
