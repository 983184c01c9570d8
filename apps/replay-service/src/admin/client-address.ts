import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddr from "@fastify/proxy-addr";

/**
 * Whom a request comes from: whoever is connected; where that is a proxy of these, whoever was connected to that, as it says in
 * `X-Forwarded-For`. Of somebody else nothing is believed.
 */
export function clientAddresses(proxies: readonly string[]): (request: IncomingMessage) => string {
  const isProxy = proxies.length === 0 ? undefined : proxyAddr.compile([...proxies]);
  return (request) => {
    const { remoteAddress = "" } = request.socket;
    if (isProxy === undefined) return remoteAddress;
    const address = proxyAddr(request, isProxy);
    return isIP(address) === 0 ? remoteAddress : address;
  };
}
