import { registerHooks } from "node:module";
import process from "node:process";

/** Whatever is loaded after it, told at the end by the name of its package or folder: `--import`ed by a test. */
const loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    loaded.add(url);
    return next(url, context);
  },
});
process.on("exit", () => process.stderr.write(`\nloaded ${JSON.stringify([...loaded])}\n`));
