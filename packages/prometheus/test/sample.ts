import { createServer } from "node:http";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import { Registry } from "prom-client";
import { prometheusMetrics } from "../src/index.ts";

const registry = new Registry();
const queue = new MemoryReplayer();
const metrics = prometheusMetrics({ registry, queue });
export const worker = new ReplayWorker({ queue, metrics, executor: async () => {} });

export const server = createServer(async (_, response) => {
  response.setHeader("content-type", registry.contentType).end(await registry.metrics());
});
