import { cell } from "./cells.ts";
import type { Column } from "./column-type.ts";
import { type Reply, reply } from "./reply.ts";
import type { ScriptedSchema } from "./scripted-schema.ts";

/** What the driver asks about the cluster when it connects. */
export interface ClusterFacts {
  readonly host: string;
  readonly port: number;
  /** Addresses of the other nodes. They listen on the same port: system.peers has no room for another. */
  readonly peers: readonly string[];
  readonly dataCenter: string;
  readonly releaseVersion: string;
  readonly schema: ScriptedSchema;
}

const NODE_COLUMNS: readonly Column[] = [
  { name: "data_center", type: "text" },
  { name: "host_id", type: "uuid" },
  { name: "rack", type: "text" },
  { name: "release_version", type: "text" },
  { name: "rpc_address", type: "inet" },
  { name: "tokens", type: { set: "text" } },
];

const LOCAL_COLUMNS: readonly Column[] = [
  { name: "key", type: "text" },
  { name: "cluster_name", type: "text" },
  { name: "partitioner", type: "text" },
  ...NODE_COLUMNS,
];

const PEER_COLUMNS: readonly Column[] = [{ name: "peer", type: "inet" }, ...NODE_COLUMNS];

/**
 * The answer to a statement about a system table; undefined for any other. What is not known here is empty.
 */
export function answerSystemQuery(query: string, facts: ClusterFacts): Reply | undefined {
  const table = /\bfrom\s+(system\w*\.\w+)/i.exec(query)?.[1]?.toLowerCase();
  if (table === undefined) return undefined;
  if (table === "system.local") {
    const start = [
      cell.text("local"),
      cell.text("scripted"),
      cell.text("org.apache.cassandra.dht.Murmur3Partitioner"),
    ];
    const { columns, cells } = facts.schema.local;
    return reply.rows(
      [...LOCAL_COLUMNS, ...columns],
      [[...start, ...nodeCells(facts.host, facts), ...cells]],
    );
  }
  if (table === "system.peers") {
    return reply.rows(
      [...PEER_COLUMNS, { name: "schema_version", type: "uuid" }],
      facts.peers.map((peer) => [
        cell.inet(peer),
        ...nodeCells(peer, facts),
        cell.uuid(facts.schema.version),
      ]),
    );
  }
  return facts.schema.answer(query) ?? reply.rows([{ name: "keyspace_name", type: "text" }], []);
}

/** Made of address and port, so that no two clusters share one. */
function hostIdOf(address: string, port: number): string {
  return `00000000-0000-4000-8000-${hex(tokenOf(address), 8)}${hex(port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function tokenOf(address: string): number {
  return address
    .split(".")
    .map(Number)
    .reduce((sum, part) => sum * 256 + part, 0);
}

function nodeCells(address: string, { port, dataCenter, releaseVersion }: ClusterFacts): Buffer[] {
  return [
    cell.text(dataCenter),
    cell.uuid(hostIdOf(address, port)),
    cell.text("rack1"),
    cell.text(releaseVersion),
    cell.inet(address),
    cell.collection([cell.text(String(tokenOf(address)))]),
  ];
}
