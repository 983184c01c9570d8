import { JobRunner } from "@helix/operations";
import { connectNatsReplayer } from "../src/index.ts";

/** A pod that does nothing but jobs, until it is killed. */
const [servers = "", streamName = "", subjectPrefix = "", holder = "", leaseMs = ""] = process.argv.slice(2);

const queue = await connectNatsReplayer({
  connect: { servers },
  streamName,
  subjectPrefix,
  maxBytes: 2 ** 26,
});
new JobRunner({ queue, control: queue.control }, { holder, leaseMs: Number(leaseMs) }).start();
