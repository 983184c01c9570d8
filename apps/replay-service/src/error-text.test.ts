import { helixError } from "@helix/core";
import { expect, test } from "vitest";
import { errorText } from "./error-text.ts";

test("an option of the queue is called by the variable that an operator sets, and nothing else is changed", () => {
  const text = "`max_msgs` is 1, see `maxMsgs` and `constructor`";
  const drift = helixError("HELIX_TOPOLOGY_DRIFT", text, { differences: [] });
  expect(errorText(drift)).toBe("`max_msgs` is 1, see `HELIX_QUEUE_MAX_MSGS` and `constructor`");
});

test("a certificate that does not name what was dialled is told with the variable that does", () => {
  const words = "Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list: ";
  const mismatch = (message: string) =>
    Object.assign(new Error(message), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  expect(errorText(mismatch(`${words}. Give what the certificates name as \`tls.serverName\``))).toBe(
    `${words}. Give what the certificates name as \`HELIX_NATS_TLS_SERVER_NAME\``,
  );
  expect(errorText(mismatch(words))).toBe(
    `${words}. Give what the certificates name as \`HELIX_CLUSTER_A_TLS_SERVER_NAME\` or \`HELIX_CLUSTER_B_TLS_SERVER_NAME\``,
  );
});
