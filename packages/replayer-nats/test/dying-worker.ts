import { ReplayWorker } from "@helix/worker";
import { connectNatsReplayer } from "../src/index.ts";

/** A worker in a process of its own, which dies of one message. Prints what it has executed. */
const [servers = "", streamName = "", subjectPrefix = ""] = process.argv.slice(2);

const queue = await connectNatsReplayer({
  connect: { servers },
  streamName,
  subjectPrefix,
  ackWaitMs: 1000,
  maxBytes: 2 ** 26,
});
const worker = new ReplayWorker({
  queue,
  maxDeliver: 2,
  executor: async ({ id }) => {
    // All of them are under way when it dies.
    await new Promise((resolve) => setTimeout(resolve, id === "poison" ? 20 : 100));
    if (id === "poison") process.kill(process.pid, "SIGKILL");
    process.stdout.write(`${id}\n`);
  },
});
await worker.start();
