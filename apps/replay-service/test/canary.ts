import { inspect } from "node:util";
import {
  type ClusterId,
  createPayload,
  type Logger,
  type Metrics,
  type PayloadInput,
  type ReplayPayload,
} from "@helix/core";
import { type CqlRequest, type Reply, startScriptedCqlServer } from "@helix/testkit";
import { types } from "cassandra-driver";

/** One of each type, as a person would be told by it; none is a part of anything else that is told. */
export const CANARY = {
  text: "Zanzibar-7f3",
  blob: Buffer.from("Quokka-blob-9"),
  number: 7_391_846_205n,
  uuid: "5ca1ab1e-c0de-4bad-8bad-0ddba11dead5",
  key: "Wombat_key_4",
  element: "Numbat-element-2",
  json: "Tapir-json-3",
  literal: "Kea-literal-6",
  parameter: "axolotl_param_8",
} as const;

/** Everything at once, as a driver or a server may quote it. */
export const QUOTED = `${Object.values(CANARY).map(String).join(" ")} 0x${CANARY.blob.toString("hex")} ${CANARY.blob.toString("base64")}`;

const TABLE = {
  columns: {
    id: "text",
    b: "blob",
    n: "bigint",
    u: "uuid",
    m: "map<text, text>",
    s: "set<text>",
    j: "text",
    l: "text",
  },
} as const;
const TYPES = ["text", "blob", "bigint", "uuid", { map: ["text", "text"] }, { set: "text" }, "text"] as const;
export const INSERT = `INSERT INTO ks.canary (id, b, n, u, m, s, j, l) VALUES (?, ?, ?, ?, ?, ?, ?, '${CANARY.literal}')`;
export const PARAMS: readonly unknown[] = [
  CANARY.text,
  CANARY.blob,
  types.Long.fromString(String(CANARY.number)),
  types.Uuid.fromString(CANARY.uuid),
  { [CANARY.key]: CANARY.text },
  [CANARY.element],
  `{"name":"${CANARY.json}"}`,
];

/** What is bound beside it, and applied. */
export const FINE: readonly unknown[] = [
  "1",
  Buffer.alloc(1),
  types.Long.ONE,
  types.Uuid.random(),
  { a: "b" },
  ["c"],
  "{}",
];

const FORMS = Object.entries(CANARY).map(([name, value]) => [name, formsOf(String(value))] as const);

/** As it is, as the hexadecimal digits of its bytes, and as base64 wherever it stands in what was encoded. */
function formsOf(text: string): readonly string[] {
  const bytes = [
    Buffer.from(text),
    ...(text === CANARY.uuid ? [Buffer.from(text.replaceAll("-", ""), "hex")] : []),
  ];
  const base64 = bytes.flatMap((one) =>
    [0, 1, 2].map((before) => {
      const encoded = Buffer.concat([Buffer.alloc(before), one]).toString("base64");
      // What it shares of a digit with its neighbours is left out.
      return encoded.slice(before === 0 ? 0 : before + 1, Math.floor(((one.length + before) * 8) / 6));
    }),
  );
  return [text, ...bytes.map((one) => one.toString("hex")), ...base64];
}

/** Which of the values stand in a text, in whatever form. */
export function tracesIn(text: string): string[] {
  const folded = text.toLowerCase();
  return FORMS.filter(([, forms]) =>
    forms.some((form) => text.includes(form) || folded.includes(form.toLowerCase())),
  ).map(([name]) => name);
}

/** All that was told, and where. */
export class Told {
  readonly places = new Set<string>();
  readonly leaks: string[] = [];

  hear(place: string, what: unknown): void {
    this.places.add(place);
    const text =
      typeof what === "string" ? what : inspect(what, { depth: 10, maxStringLength: null, showHidden: true });
    const traces = tracesIn(text);
    if (traces.length > 0) this.leaks.push(`${place}: ${traces.join(", ")} in ${text.slice(0, 500)}`);
  }

  logger(place: string): Logger {
    const line = (fields: object, message: string) => this.hear(place, { fields, message });
    return { debug: line, info: line, warn: line, error: line };
  }

  metrics(place: string): Metrics {
    const label = (_: string, labels: object) => this.hear(place, labels);
    return { increment: label, gauge: label, observe: label };
  }

  /** Of an error of ours, what it says itself: its fields and its cause have what the caller gave. */
  failure(place: string, error: unknown): void {
    const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
    this.hear(place, { name, message, code });
  }
}

/** Two scripted clusters that have the table of the values, and answer to writes as `script` says. */
export async function startClusters(script: Readonly<Record<ClusterId, (request: CqlRequest) => Reply>>) {
  const start = (cluster: ClusterId) =>
    startScriptedCqlServer({
      tables: { "ks.canary": TABLE },
      types: (query) => (query === INSERT ? TYPES : []),
      onRequest: (request) => script[cluster](request),
    });
  const [A, B] = await Promise.all([start("A"), start("B")]);
  return { A, B };
}

/** The write of all values to B. */
export function write(more: Partial<PayloadInput> = {}): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: INSERT, params: PARAMS },
    timestampMicros: 1_700_000_000_000_000n,
    tables: ["ks.canary"],
    ...more,
  });
}
