import { startScriptedCqlServer } from "@helix/testkit";
import { answering } from "../measure/child.ts";
import { COLUMNS, KEYSPACE } from "./drivers.ts";

// Two servers that store nothing and answer at once: what a client costs shows without Cassandra as well.
answering(async () => {
  const types = () => ["int", "text", "bigint", "timestamp"] as const;
  const tables = { [`${KEYSPACE}.t`]: { columns: COLUMNS } };
  const servers = await Promise.all([
    startScriptedCqlServer({ types, tables, record: false }),
    startScriptedCqlServer({ types, tables, record: false }),
  ]);
  return servers.map(({ contactPoint, localDataCenter }) => ({ contactPoint, localDataCenter }));
});
