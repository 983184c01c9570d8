import { readFileSync } from "node:fs";
import { settingsTable } from "../apps/replay-service/src/config/describe-config.ts";
import { CLIENT_OPTIONS } from "../packages/client/src/client-options.ts";
import { DEAD_LETTER_FILTER } from "../packages/core/src/index.ts";
import { defaultOf, type Facts, takes } from "../packages/core/src/options/index.ts";
import { PROMETHEUS_OPTIONS } from "../packages/prometheus/src/prometheus-metrics.ts";
import { CAPABILITIES } from "../packages/replayer-contract/src/capabilities.ts";
import { CONTRACT_OPTIONS } from "../packages/replayer-contract/src/replay-queue-contract.ts";
import { MEMORY_OPTIONS } from "../packages/replayer-memory/src/memory-replayer.ts";
import { CONNECT_OPTIONS } from "../packages/replayer-nats/src/connect-options.ts";
import { REPLAYER_OPTIONS } from "../packages/replayer-nats/src/options.ts";
import { WORKER_OPTIONS } from "../packages/worker/src/options.ts";
import { accountsBlock } from "./accounts-block.ts";
import { endpointsTable } from "./endpoints-table.ts";
import { rightsTable } from "./rights-table.ts";

type Options = Readonly<Record<string, Facts<unknown>>>;

/** The options of a package, as they are declared, and where people read about them. */
export interface Documented {
  /** As the marker in front of the table names it. */
  readonly name: string;
  readonly folder: string;
  readonly options: Options;
  /** Where the interfaces with their docstrings are. */
  readonly sources: readonly string[];
}

const SCHEDULING = "packages/core/src/queue/queue.ts";

export const DOCUMENTED: readonly Documented[] = [
  {
    name: "ReplayWorkerOptions",
    folder: "packages/worker",
    options: WORKER_OPTIONS,
    sources: ["packages/worker/src/options.ts", "packages/worker/src/report/reporter.ts"],
  },
  {
    name: "DeadLetterFilter",
    folder: "packages/core",
    options: DEAD_LETTER_FILTER,
    sources: ["packages/core/src/queue/dead-letter-filter.ts"],
  },
  {
    name: "HelixClientOptions",
    folder: "packages/client",
    options: CLIENT_OPTIONS,
    sources: ["packages/client/src/client-options.ts"],
  },
  {
    name: "MemoryReplayerOptions",
    folder: "packages/replayer-memory",
    options: MEMORY_OPTIONS,
    sources: ["packages/replayer-memory/src/memory-replayer.ts"],
  },
  {
    name: "NatsReplayerOptions",
    folder: "packages/replayer-nats",
    options: REPLAYER_OPTIONS,
    sources: ["packages/replayer-nats/src/options.ts", SCHEDULING],
  },
  {
    name: "NatsConnectOptions",
    folder: "packages/replayer-nats",
    options: CONNECT_OPTIONS,
    sources: ["packages/replayer-nats/src/connect-options.ts"],
  },
  {
    name: "ContractOptions",
    folder: "packages/replayer-contract",
    options: CONTRACT_OPTIONS,
    sources: ["packages/replayer-contract/src/replay-queue-contract.ts"],
  },
  {
    name: "QueueCapabilities",
    folder: "packages/replayer-contract",
    options: CAPABILITIES,
    sources: ["packages/replayer-contract/src/capabilities.ts"],
  },
  {
    name: "PrometheusMetricsOptions",
    folder: "packages/prometheus",
    options: PROMETHEUS_OPTIONS,
    sources: ["packages/prometheus/src/prometheus-metrics.ts"],
  },
];

/** A table, or a block of code, and the README that it belongs in. */
export interface Table {
  readonly name: string;
  readonly readme: URL;
  readonly table: string;
}

export const TABLES: readonly Table[] = [
  ...DOCUMENTED.map(({ name, folder, options }) => ({
    name,
    readme: at(`${folder}/README.md`),
    table: tableOf(options),
  })),
  { name: "settings", readme: at("apps/replay-service/README.md"), table: settingsTable() },
  { name: "endpoints", readme: at("apps/replay-service/README.md"), table: endpointsTable() },
  { name: "rights", readme: at("packages/replayer-nats/README.md"), table: rightsTable() },
  { name: "accounts", readme: at("packages/replayer-nats/README.md"), table: accountsBlock() },
];

/** The README with this table as it must be. @throws Error if there is no marker for it. */
export function withTable(text: string, { name, table }: Table): string {
  const marker = `<!-- ${name}: made by \`npx -y pnpm@12 readme\` -->\n`;
  const start = text.indexOf(marker);
  if (start < 0) throw new Error(`There is no line ${marker}`);
  const [before, after] = [text.slice(0, start), text.slice(start + marker.length)];
  return before + marker + table + after.replace(/^(?:```[\s\S]*?\n```\n|(?:\|.*\n)*)/, "");
}

/** What the docstrings do not say as the declarations do. */
export function docMistakes({ options, sources }: Documented): string[] {
  const text = sources.map((path) => readFileSync(at(path), "utf8")).join("\n");
  return Object.entries(options).flatMap(([name, facts]) => {
    const doc = docOf(text, name);
    if (doc === undefined) return [`${name} has no docstring`];
    return missingFrom(doc, facts).map((fact) => `${name}: no "${fact}"`);
  });
}

/** The docstring of a property, in one line, its numbers without what parts their digits. */
export function docOf(source: string, name: string): string | undefined {
  const property = new RegExp(String.raw`\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly ${name}\??:`);
  return property
    .exec(source)?.[1]
    ?.replace(/\s*\n\s*\*?\s*/g, " ")
    .replace(/(?<=\d)[_ ](?=\d{3}(?!\d))/g, "")
    .replaceAll("2^31 − 1", String(2 ** 31 - 1));
}

/** The facts that a docstring must say, and does not. */
export function missingFrom(doc: string, facts: Facts<unknown>): string[] {
  const { kind, min, max, unit, required, fallback, byDefault } = facts;
  const wanted: string[] = [];
  if (kind === "integer" || kind === "number") {
    wanted.push(max === undefined ? `at least ${min}` : `${min} to ${max}`);
    if (unit === "ms") wanted.push("Milliseconds");
  }
  if (!required) wanted.push(`@default ${(byDefault ?? JSON.stringify(fallback)).replaceAll("`", "")}`);
  const said = doc.replaceAll("`", "").toLowerCase();
  const isSaid = (fact: string) => {
    const start = said.indexOf(fact);
    return start >= 0 && !/\d/.test(`${said[start - 1]}${said[start + fact.length]}`);
  };
  return wanted.filter((fact) => !isSaid(fact.toLowerCase()));
}

function tableOf(options: Options): string {
  const rows = Object.entries(options).map(
    ([name, facts]) => `| \`${name}\` | ${takes(facts)} | ${defaultOf(facts)} | ${facts.about} |\n`,
  );
  return `| option | takes | default | |\n|---|---|---|---|\n${rows.join("")}`;
}

function at(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}
