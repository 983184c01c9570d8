import { discardDeadLetters, restoreDeadLetters } from "@helix/core";
import { connectNatsReplayer } from "../src/index.ts";

/** A person's process that discards or restores everything, until somebody kills it; it prints a line when it has begun. */
const [servers = "", streamName = "", subjectPrefix = "", verb = ""] = process.argv.slice(2);

const queue = await connectNatsReplayer({
  connect: { servers },
  streamName,
  subjectPrefix,
  maxBytes: 2 ** 26,
});
process.stdout.write("begins\n");
if (verb === "discard") await discardDeadLetters(queue.deadLetters);
else await restoreDeadLetters(queue.deadLetters.trash);
await queue.close();
