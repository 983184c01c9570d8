import { isIP } from "node:net";

/** `host`, `host:port`, `[::1]` or `[::1]:port`; undefined if it is none of them. */
export function hostPortOf(text: string): { host: string; port: number | undefined } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return undefined;
  if (match?.[3] === undefined) return { host, port: undefined };
  const port = Number(match[3]);
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

export function isHostPort(text: string): boolean {
  return hostPortOf(text) !== undefined;
}

const SCHEME = /^(nats|tls):\/\//i;

/** A password in an address would end in log lines and monitoring: there is a setting for it. */
export function isNatsServer(text: string): boolean {
  return isHostPort(text.replace(SCHEME, ""));
}

/** Whether one of them insists on TLS: it does so for all, since a client has one way to connect. */
export function insistOnTls(servers: readonly string[]): boolean {
  return servers.some((one) => /^tls:/i.test(one));
}

/** An address, or a network such as 10.0.0.0/8. */
export function isNetwork(text: string): boolean {
  const [, address = "", bits] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  // All of the world is no proxy.
  return (
    version !== 0 && (bits === undefined || (Number(bits) > 0 && Number(bits) <= (version === 4 ? 32 : 128)))
  );
}
