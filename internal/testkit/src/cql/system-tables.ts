import { createHash } from "node:crypto";
import { cell } from "./cells.ts";
import type { Column } from "./column-type.ts";
import { type Reply, reply } from "./reply.ts";
import type { ScriptedSchema } from "./scripted-schema.ts";

/** What the driver asks about the cluster when it connects. */
export interface ClusterFacts {
  readonly host: string;
  /** What the ids of its nodes are made of, with their addresses. */
  readonly identity: string;
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

function hostIdOf(address: string, { identity }: ClusterFacts): string {
  const hex = createHash("md5").update(`${identity} ${address}`).digest("hex");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");
}

function nodeCells(address: string, facts: ClusterFacts): Buffer[] {
  const token = address
    .split(".")
    .map(Number)
    .reduce((sum, part) => sum * 256 + part, 0);
  return [
    cell.text(facts.dataCenter),
    cell.uuid(hostIdOf(address, facts)),
    cell.text("rack1"),
    cell.text(facts.releaseVersion),
    cell.inet(address),
    cell.collection([cell.text(String(token))]),
  ];
}
