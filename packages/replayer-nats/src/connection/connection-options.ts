import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import {
  type ConnectionOptions as ConnectionOptionsOfNode,
  checkServerIdentity,
  type PeerCertificate,
} from "node:tls";
import type { Authenticator, ConnectionOptions, TlsOptions } from "@nats-io/nats-core";
import {
  credsAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
import type { NatsConnectOptions, NatsTlsOptions } from "../connect-options.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** As the client library takes them. What is secret is read at each connect, of which it makes any number. */
export function connectionOptions(options: NatsConnectOptions): ConnectionOptions {
  const { servers, name, tls, inboxPrefix } = options;
  const authenticator = authenticatorOf(options);
  return {
    servers: typeof servers === "string" ? servers : [...servers],
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A half-open connection is noticed after three of them; the library's default is two minutes.
    pingInterval: 5000,
    maxPingOut: 2,
    timeout: CONNECT_TIMEOUT_MS,
    // A stack trace per request doubles its cost.
    noAsyncTraces: true,
    // Credentials that are wrong for a moment (a rotation) must not end a service.
    ignoreAuthErrorAbort: true,
    ...(name === undefined ? {} : { name }),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

function authenticatorOf({ user, pass, token, credsFile }: NatsConnectOptions): Authenticator | undefined {
  if (credsFile !== undefined) return credsAuthenticator(() => readFileSync(credsFile));
  if (token !== undefined) return tokenAuthenticator(token);
  if (user !== undefined) return usernamePasswordAuthenticator(user, pass ?? "");
  return undefined;
}

/** What is Node's own is passed on. The files it reads at each connect. */
function tlsOptions({ serverName, ...tls }: NatsTlsOptions): TlsOptions {
  const identity =
    serverName === undefined ? { checkServerIdentity: checkIdentity } : { servername: serverName };
  return { ...identity, ...tls };
}

/** The same as Node takes it, with the contents of the files as they are now. */
export function secureOptions(options: NatsTlsOptions = {}): ConnectionOptionsOfNode {
  const { caFile, certFile, keyFile, ...tls } = tlsOptions(options);
  return {
    ...tls,
    ...(caFile && { ca: readFileSync(caFile) }),
    ...(certFile && { cert: readFileSync(certFile) }),
    ...(keyFile && { key: readFileSync(keyFile) }),
  };
}

/**
 * For a server that is dialled by address the library has no name, and Node takes "localhost" for it. The certificate
 * is compared with the address then.
 */
function checkIdentity(
  this: { readonly servername?: string; readonly socket?: Socket } | undefined,
  host: string,
  certificate: PeerCertificate,
): Error | undefined {
  return checkServerIdentity(this?.servername || this?.socket?.remoteAddress || host, certificate);
}
