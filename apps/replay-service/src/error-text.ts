import { readError } from "@helix/client";
import { isHelixError } from "@helix/core";
import { variableOf } from "./config/names.ts";
import { SCHEMA } from "./config/schema.ts";

/** Without values; an option is called by the variable that an operator sets. */
export function errorText(error: unknown): string {
  const text = withCertificates(withServerName(readError(error).text));
  if (!isHelixError(error)) return text;
  return text.replace(/`(\w+)`/g, (quoted, option: string) => {
    const section = option === "inboxPrefix" ? "nats" : "queue";
    return Object.hasOwn(SCHEMA[section], option) ? `\`${variableOf(section, option)}\`` : quoted;
  });
}

const MISNAMED = "does not match certificate's altnames";

/** OpenSSL's place in its own sources, and what it says there. */
const OPENSSL = /[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):[^\n]*\n?/;

/** What is said where a certificate is not trusted, and what cures it. */
const TRUST: readonly [said: RegExp, cure: string][] = [
  [
    /unable to (verify|get)[\w ]*certificate|self-signed certificate/,
    "Give the authority that has signed what the server shows as `HELIX_…_TLS_CA_FILE`",
  ],
  [
    /refuses the certificate of this client|alert (\w+ )?(certificate|unknown ca)/,
    "Give a certificate that the server trusts as `HELIX_…_TLS_CERT_FILE`, with its key",
  ],
];

/** Whether what the pod was told of certificates does not fit what is there: no outage, which would end by itself. */
export function isOfTrust(error: unknown): boolean {
  const { text } = readError(error);
  return text.includes(MISNAMED) || cureOf(text) !== undefined;
}

function withCertificates(text: string): string {
  const plain = text.replace(OPENSSL, "$1");
  const cure = cureOf(plain);
  return cure === undefined ? plain : `${plain}. ${cure}`;
}

function cureOf(text: string): string | undefined {
  return TRUST.find(([said]) => said.test(text))?.[1];
}

/** Node says what a certificate does not name; of NATS it has been said already what can be done. */
function withServerName(text: string): string {
  if (!text.includes(MISNAMED)) return text;
  const ofNats = text.replace("`tls.serverName`", `\`${variableOf("nats", "tlsServerName")}\``);
  if (ofNats !== text) return ofNats;
  const names = [variableOf("clusterA", "tlsServerName"), variableOf("clusterB", "tlsServerName")];
  return `${text}. Give what the certificates name as \`${names.join("` or `")}\``;
}
