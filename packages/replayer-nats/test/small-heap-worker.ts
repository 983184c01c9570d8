import { ReplayWorker } from "@helix/worker";
import { connectNatsReplayer } from "../src/index.ts";

/** A worker in a process of its own, with little memory. Prints what it has executed, and the most that it has had. */
const [servers = "", streamName = "", subjectPrefix = ""] = process.argv.slice(2);

const queue = await connectNatsReplayer({
  connect: { servers },
  streamName,
  subjectPrefix,
  maxBytes: 2 ** 29,
});

/** As the driver does: a Buffer for each length and each element, and all of them are there until they are joined. */
function encoded(values: readonly number[]): Buffer {
  const parts: Buffer[] = [];
  for (const value of values) {
    const [length, element] = [Buffer.allocUnsafe(4), Buffer.allocUnsafe(4)];
    length.writeInt32BE(4);
    element.writeInt32BE(value);
    parts.push(length, element);
  }
  return Buffer.concat(parts);
}

const worker = new ReplayWorker({
  queue,
  executor: async ({ operation }) => {
    const request = encoded(
      operation.kind === "statement" ? (operation.params as [string, number[]])[1] : [],
    );
    // As long as it is on its way.
    await new Promise((resolve) => setTimeout(resolve, 5, request));
  },
  onSuccess: ({ payload: { id } }) => {
    process.stdout.write(`${id} ${process.resourceUsage().maxRSS}\n`);
  },
});
await worker.start();
process.once("SIGTERM", async () => {
  await worker.stop();
  await queue.close();
});
