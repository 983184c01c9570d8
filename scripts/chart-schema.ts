import { variableOf } from "../apps/replay-service/src/config/names.ts";
import { settings } from "../apps/replay-service/src/config/schema.ts";
import type { Facts } from "../packages/core/src/options/index.ts";

/** Where the schema of the chart's values lies. */
export const CHART_SCHEMA = new URL("../deploy/helm/helix-replay/values.schema.json", import.meta.url);

type Json = Readonly<Record<string, unknown>>;

/** Settings that the chart makes of its other values, so that they agree with them. */
const OWN = [
  "stop.graceMs",
  "http.port",
  "admin.host",
  "admin.port",
  "admin.tlsCertFile",
  "admin.tlsKeyFile",
  "admin.allowPlainHttp",
];

const OPEN = settings().filter(({ section, key }) => !OWN.includes(`${section}.${key}`));

const text = { type: "string" };
const word = { type: "string", minLength: 1 };
const flag = { type: "boolean" };
const texts = { type: "object", additionalProperties: text };
const list = { type: "array", items: { type: "object" } };
const count = (minimum: number, maximum?: number) => ({
  type: "integer",
  minimum,
  ...(maximum && { maximum }),
});
const closed = (properties: Json) => ({ type: "object", additionalProperties: false, properties });

/** What `values.yaml` may say: a name that nothing reads is refused, as the pod refuses it. */
export function chartSchemaText(): string {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    ...closed({
      global: { type: "object" },
      image: closed({
        repository: text,
        tag: text,
        digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
        pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
      }),
      imagePullSecrets: list,
      replicas: count(0),
      config: closed(configProperties()),
      existingSecrets: {
        type: "object",
        propertyNames: { pattern: "^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$" },
        additionalProperties: {
          type: "object",
          minProperties: 1,
          propertyNames: { enum: OPEN.flatMap(fileVariableOf) },
          additionalProperties: { type: "string", pattern: "^[-._a-zA-Z0-9]+$" },
        },
      },
      extraEnv: {
        type: "array",
        items: {
          ...closed({ name: envName(), value: text, valueFrom: { type: "object" } }),
          required: ["name"],
        },
      },
      extraVolumes: list,
      extraVolumeMounts: list,
      stopGraceSeconds: count(1, 3_600),
      admin: closed({ service: closed({ enabled: flag, tlsSecret: text }) }),
      readinessPath: { enum: ["/readyz", "/livez"] },
      resources: { type: "object" },
      podAnnotations: texts,
      podLabels: texts,
      nodeSelector: texts,
      tolerations: list,
      affinity: { type: "object" },
      priorityClassName: text,
      topologySpread: { type: "array", items: { type: "object", required: ["topologyKey"] } },
      serviceAccount: closed({ name: text, annotations: texts }),
      podDisruptionBudget: closed({ enabled: flag }),
      serviceMonitor: closed({
        enabled: flag,
        interval: { type: "string", pattern: "^[0-9]+(ms|s|m)$" },
        labels: texts,
      }),
      networkPolicy: closed({
        enabled: flag,
        metricsFrom: list,
        adminFrom: list,
        natsTo: list,
        cassandraTo: list,
        extraEgress: list,
      }),
      keda: closed({
        enabled: flag,
        minReplicas: count(1),
        maxReplicas: count(1),
        fallbackReplicas: count(1),
        serverAddress: { type: "string", pattern: "^(https?://.+)?$" },
        messagesPerPod: count(1),
        selector: text,
        pollingSeconds: count(1),
        cooldownSeconds: count(0),
      }),
    }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The sections of the pod's file. Of a secret it takes the path alone: what is in values is in the cluster for many to read. */
function configProperties(): Json {
  const sections: Record<string, Json> = {};
  for (const { section, key, setting } of OPEN) {
    const { about: description } = setting;
    sections[section] = {
      ...sections[section],
      ...(setting.secret
        ? { [`${key}File`]: { ...word, description } }
        : { [key]: { ...typeOf(setting), description } }),
    };
  }
  return Object.fromEntries(Object.entries(sections).map(([name, keys]) => [name, closed(keys)]));
}

function typeOf({ kind, min, max, values }: Facts<unknown>): Json {
  switch (kind) {
    case "integer":
    case "number":
      return { type: kind, minimum: min, ...(max !== undefined && { maximum: max }) };
    case "boolean":
      return flag;
    case "choice":
      return { enum: values };
    case "list":
      return { type: "array", minItems: 1, items: word };
    default:
      return word;
  }
}

type Open = (typeof OPEN)[number];

/** The variable that names a file, where there is one. */
function fileVariableOf({ section, key, setting }: Open): string[] {
  if (setting.secret) return [variableOf(section, `${key}File`)];
  return setting.file ? [variableOf(section, key)] : [];
}

/** Any that is not the pod's, or one of the pod's. */
function envName(): Json {
  const known = OPEN.flatMap((one) => [
    ...new Set([variableOf(one.section, one.key), ...fileVariableOf(one)]),
  ]);
  return { ...word, anyOf: [{ not: { pattern: "^HELIX_" } }, { enum: known }] };
}
