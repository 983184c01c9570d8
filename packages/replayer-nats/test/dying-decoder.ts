import { ReplayWorker } from "@helix/worker";
import { types } from "cassandra-driver";
import { connectNatsReplayer } from "../src/index.ts";

/** A worker in a process of its own, which dies of one message while it decodes it. Prints what it has executed. */
const [servers = "", streamName = "", subjectPrefix = "", fatal = ""] = process.argv.slice(2);

types.Uuid = class extends types.Uuid {
  constructor(bytes: Buffer) {
    super(bytes);
    if (this.toString() === fatal) process.kill(process.pid, "SIGKILL");
  }
};

const queue = await connectNatsReplayer({
  connect: { servers },
  streamName,
  subjectPrefix,
  ackWaitMs: 1000,
  maxBytes: 2 ** 26,
});
const worker = new ReplayWorker({
  queue,
  executor: async ({ id }) => {
    process.stdout.write(`${id}\n`);
  },
});
await worker.start();
process.once("SIGTERM", async () => {
  await worker.stop();
  await queue.close();
});
