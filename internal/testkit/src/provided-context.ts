import type {} from "vitest";
import type { CassandraAddress, CassandraPair } from "./cassandra/cassandra-node.ts";

/** The pair that serves a whole test run, as test files get it: `inject("cassandra")`. */
export interface CassandraPairInfo extends Pick<CassandraPair, "source" | "description"> {
  readonly A: CassandraAddress;
  readonly B: CassandraAddress;
}

declare module "vitest" {
  interface ProvidedContext {
    cassandra: CassandraPairInfo;
  }
}
