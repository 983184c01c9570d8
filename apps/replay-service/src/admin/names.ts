/** Names that mean the machine itself, and cannot be made to mean another. */
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export interface AllowedNames {
  /** Hosts that the API is reached by besides the machine's own and the address that was connected to. */
  readonly hosts: readonly string[];
  /** Origins of pages besides its own. */
  readonly origins: readonly string[];
}

/**
 * Whether a `Host` is one that the API answers to. A page of somebody else's can have its name resolved to this machine, and its requests
 * then come here with that name.
 */
export function isHostAllowed(
  host: string | undefined,
  localAddress: string,
  { hosts }: AllowedNames,
): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
  if (name === undefined) return false;
  const local = localAddress.replace(/^::ffff:/, "");
  const address = local.includes(":") ? `[${local}]` : local;
  return LOOPBACK.has(name) || name === address || hosts.some((one) => one.toLowerCase() === name);
}

/** Whether a page may ask: one of the API's own host does, and a program, which has no `Origin`. */
export function isOriginAllowed(
  origin: string | undefined,
  { host, isSecure }: { readonly host: string; readonly isSecure: boolean },
  { origins }: AllowedNames,
): boolean {
  if (origin === undefined) return true;
  return origin === `${isSecure ? "https" : "http"}://${host}` || origins.includes(origin);
}
