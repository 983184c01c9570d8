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

/** As the driver and the client of NATS pass them on. */
const ofTls = (message: string, code = "ERR_SSL_ALERT") => Object.assign(new Error(message), { code });

test.each([
  ["self-signed certificate in certificate chain", "HELIX_…_TLS_CA_FILE"],
  ["unable to verify the first certificate", "HELIX_…_TLS_CA_FILE"],
  ["unable to get local issuer certificate", "HELIX_…_TLS_CA_FILE"],
  [
    "NATS refuses the certificate of this client, or that there is none (unknown ca)",
    "HELIX_…_TLS_CERT_FILE",
  ],
  ["tlsv13 alert certificate required", "HELIX_…_TLS_CERT_FILE"],
  ["sslv3 alert bad certificate", "HELIX_…_TLS_CERT_FILE"],
  ["tlsv1 alert unknown ca", "HELIX_…_TLS_CERT_FILE"],
])("%s is told with the file that cures it", (said, variable) => {
  const [told, cure] = errorText(ofTls(said)).split(". Give ");
  expect(told).toBe(said);
  expect(cure).toContain(`\`${variable}\``);
});

test("of what OpenSSL says of itself there is only the message", () => {
  const said =
    "10.0.0.1:9042: 401D22100B7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 116\n";
  expect(errorText(ofTls(said))).toMatch(/^10\.0\.0\.1:9042: tlsv13 alert certificate required\. Give /);
});

test("a certificate that has expired is told as Node tells it", () => {
  expect(errorText(ofTls("certificate has expired", "CERT_HAS_EXPIRED"))).toBe("certificate has expired");
});
