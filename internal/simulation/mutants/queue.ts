import type { Mutant } from "../src/run/run-mutants.ts";

const MEMORY = "packages/replayer-memory/src/memory-replayer.ts";
const LANE = "packages/replayer-memory/src/memory-lane.ts";

export const queueMutants: readonly Mutant[] = [
  {
    name: "a full queue drops what comes",
    file: MEMORY,
    find: "    this.#shared.room.take(lane, bytes.length);",
    replace:
      "    try {\n      this.#shared.room.take(lane, bytes.length);\n    } catch {\n      return;\n    }",
  },
  {
    name: "handed back without a delay is lost",
    file: LANE,
    find: "      this.#front.push(entry);",
    replace: "",
  },
  {
    name: "a release adds an attempt",
    file: LANE,
    find: "    const entry = detached({ ...message.entry, ...record });",
    replace: "    const entry = detached({ ...message.entry, ...record, attempts: record.attempts + 1 });",
  },
  {
    name: "what is settled keeps its room",
    file: LANE,
    find: "    this.#inHand.delete(message);\n    this.#shared.room.give(message.entry.bytes.length);",
    replace: "    this.#inHand.delete(message);",
  },
  {
    name: "a redriven dead letter is forgotten before it is back",
    file: "packages/replayer-memory/src/memory-dead-letters.ts",
    find: "    readmit(redriven(",
    replace: '    if (kept.letter.lane.startsWith("high")) readmit(redriven(',
  },
  {
    name: "full dead letters make room by forgetting the oldest",
    file: "packages/replayer-memory/src/memory-dead-letters.ts",
    find: "    if (this.kept.size < capacity) return;",
    replace:
      "    const [oldest] = this.kept.keys();\n    if (this.kept.size >= capacity && oldest !== undefined) this.kept.delete(oldest);\n    if (this.kept.size < capacity) return;",
  },
  {
    name: "the wire format loses the low bits of the timestamp",
    file: "packages/codec/src/decode-payload.ts",
    find: "  const timestampMicros = body.int64(KEY.timestamp);",
    replace: "  const timestampMicros = (body.int64(KEY.timestamp) / 8n) * 8n;",
  },
];
