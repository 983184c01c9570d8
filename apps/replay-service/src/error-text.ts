import { readError } from "@helix/client";
import { isHelixError } from "@helix/core";
import { variableOf } from "./config/names.ts";
import { SCHEMA } from "./config/schema.ts";

/** Without values; an option is called by the variable that an operator sets. */
export function errorText(error: unknown): string {
  const text = withServerName(readError(error).text);
  if (!isHelixError(error)) return text;
  return text.replace(/`(\w+)`/g, (quoted, option: string) =>
    Object.hasOwn(SCHEMA.queue, option) ? `\`${variableOf("queue", option)}\`` : quoted,
  );
}

/** Node says what a certificate does not name; of NATS it has been said already what can be done. */
function withServerName(text: string): string {
  if (!text.includes("does not match certificate's altnames")) return text;
  const ofNats = text.replace("`tls.serverName`", `\`${variableOf("nats", "tlsServerName")}\``);
  if (ofNats !== text) return ofNats;
  const names = [variableOf("clusterA", "tlsServerName"), variableOf("clusterB", "tlsServerName")];
  return `${text}. Give what the certificates name as \`${names.join("` or `")}\``;
}
