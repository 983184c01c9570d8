import { startCassandraPair } from "../src/index.ts";

await startCassandraPair({ provider: "processes" });
process.stdout.write("started\n");
