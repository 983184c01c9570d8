import { runCorpus } from "./run-corpus.ts";

process.exitCode = runCorpus(process.argv.slice(2), {
  say: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
});
