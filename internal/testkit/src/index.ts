export type {
  CassandraAddress,
  CassandraNode,
  CassandraPair,
  PairSource,
} from "./cassandra/cassandra-node.ts";
export type { CassandraPairOptions } from "./cassandra/provider-choice.ts";
export { startCassandraPair } from "./cassandra/start-cassandra-pair.ts";
export { certificates } from "./certificates.ts";
export { cell } from "./cql/cells.ts";
export type { Column, ColumnType, UserType } from "./cql/column-type.ts";
export { RawError, type RawPrepared, type RawResult, RawSession } from "./cql/raw-session.ts";
export { type RawRow, type Reply, reply } from "./cql/reply.ts";
export type { BoundStatement, BoundValue, CqlRequest } from "./cql/request.ts";
export type { ScriptedSchema, ScriptedTable, ScriptedTables } from "./cql/scripted-schema.ts";
export type { ServerError, WriteType } from "./cql/server-error.ts";
export { type CqlTap, startCqlTap, type TappedExecution } from "./cql-tap.ts";
export * as demoStatements from "./demo-statements.ts";
export { differences, type EveryCell, type EveryCells, everyCell } from "./every-cell.ts";
export {
  type ConnectionObserver,
  type FaultMode,
  type FaultProxy,
  type FaultProxyOptions,
  startFaultProxy,
} from "./fault-proxy.ts";
export {
  type NatsCluster,
  type NatsClusterOptions,
  type NatsConfig,
  type NatsLine,
  type NatsOptions,
  type NatsServer,
  type NatsServerOptions,
  type NatsSource,
  startNatsCluster,
  startNatsServer,
} from "./nats/index.ts";
export { onBoth, withDriver } from "./on-both.ts";
export { nothingMoreOpen, type OpenHandles, openHandles, socketsTo } from "./open-handles.ts";
export { freePorts } from "./ports.ts";
export { Program, type ProgramRun } from "./program.ts";
export type { CassandraPairInfo } from "./provided-context.ts";
export {
  type ScriptedCqlServer,
  type ScriptedCqlServerOptions,
  startScriptedCqlServer,
} from "./scripted-cql-server.ts";
export { startScriptedPair } from "./scripted-pair.ts";
export { seededRandom } from "./seeded-random.ts";
export { createTestKeyspace } from "./test-keyspace.ts";
export { type WaitForOptions, waitFor } from "./wait-for.ts";
