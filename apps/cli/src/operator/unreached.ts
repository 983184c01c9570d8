/** What TLS has against the other side where its certificate was signed by nobody who is trusted. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
/** It speaks no TLS, by what OpenSSL makes of its first bytes. */
const NO_TLS = /wrong version number|packet length too long|unexpected message|record layer failure/i;

/** Why nobody answers there, in words that say what to do where something can be done. */
export function unreachedText(error: unknown, { protocol, host }: Pick<URL, "protocol" | "host">): string {
  const { code = "", message = "" } = Object(error) as { code?: string; message?: string };
  if (UNTRUSTED.has(code)) return `${message}: give --ca FILE, of whoever has signed its certificate`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `${message.replace(/\.$/, "")}: give --server-name HOST, as the certificate has it, if that is the pod`;
  }
  if (protocol === "https:" && (code === "EPROTO" || code.startsWith("ERR_SSL_")) && NO_TLS.test(message)) {
    return `it speaks no TLS there: is it http://${host}?`;
  }
  if (code === "ECONNRESET") {
    const perhaps = protocol === "http:" ? `: is it https://${host}?` : "";
    return `it ends the connection without an answer${perhaps}`;
  }
  return message || code;
}
