import { payloadHeaders } from "@helix/codec";
import type { NatsConnection } from "@nats-io/nats-core";
import { Bodies } from "../src/bodies.ts";
import { encodeEpitaph } from "../src/dead-letters/dead-letter-format.ts";
import { payloadOf, type Rig } from "./rig.ts";

const BODIES = new Bodies();

/** So many dead letters, `p0` to the last, as a worker leaves them: in no time. Of every tenth the table is another. */
export async function buried(rig: Rig, count: number, bytes = 0): Promise<void> {
  const { connection } = await rig.api();
  const query = "INSERT INTO ks.t (id, a) VALUES (?, ?)";
  const fill = "x".repeat(bytes);
  for (let from = 0; from < count; from += 1000) {
    const some = Array.from({ length: Math.min(1000, count - from) }, (_, at) => from + at);
    await Promise.all(
      some.map((n) => {
        const tables = [n % 10 === 0 ? "ks.tenth" : "ks.t"];
        const operation = { kind: "statement", query, params: [n, fill] } as const;
        const payload = payloadOf(`p${n}`, { tables, operation });
        const { "Nats-Msg-Id": _, ...headers } = payloadHeaders(payload);
        const at = { lane: "high.B", deadAtMs: 1, origin: {} } as const;
        const epitaph = encodeEpitaph({ id: `p${n}.0`, reason: "rejected", attempts: 1, ...at });
        const block = blockOf({ ...headers, "Helix-Dead-Letter": epitaph });
        return put(rig, connection, `p${n}.0`, block, BODIES.encode(payload, 2 ** 20));
      }),
    );
  }
}

/** A block of headers as it goes over the wire. */
export function blockOf(lines: Readonly<Record<string, string>>): string {
  const block = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return `NATS/1.0\r\n${block.join("")}\r\n`;
}

export async function put(
  rig: Rig,
  connection: NatsConnection,
  id: string,
  block: string,
  body: Uint8Array,
): Promise<void> {
  const headers = { encode: () => Buffer.from(block) } as never;
  const subject = `${rig.subjectPrefix}.dead.high.B.${id}`;
  await connection.request(subject, body, { timeout: 10_000, headers });
}
