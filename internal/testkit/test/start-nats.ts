import { startNatsCluster } from "../src/nats/index.ts";

await startNatsCluster({ provider: "processes" });
process.stdout.write("started\n");
