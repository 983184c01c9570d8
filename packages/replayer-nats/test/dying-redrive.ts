import { redriveDeadLetters } from "@helix/core";
import { connectNatsReplayer } from "../src/index.ts";

/** A person's process that redrives all dead letters, and is killed when it has redriven so many. */
const [servers = "", streamName = "", subjectPrefix = "", count = ""] = process.argv.slice(2);

const queue = await connectNatsReplayer({
  connect: { servers },
  streamName,
  subjectPrefix,
  maxBytes: 2 ** 26,
});
await redriveDeadLetters(queue.deadLetters, {
  onProgress: ({ redriven }) => {
    if (redriven === Number(count)) process.kill(process.pid, "SIGKILL");
  },
});
