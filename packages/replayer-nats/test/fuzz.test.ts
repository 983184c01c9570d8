import { seededRandom } from "@helix/testkit";
import { describe, expect, it } from "vitest";
import { Bodies } from "../src/bodies.ts";
import { answerIn } from "../src/connection/publisher.ts";
import { statusIn } from "../src/connection/status.ts";
import { headerIn, readDirect, readStored } from "../src/connection/stored-message.ts";
import { decodeEnd } from "../src/dead-letters/dead-letter-ends.ts";
import { letterIn } from "../src/dead-letters/dead-letter-format.ts";
import { bodyIn } from "../src/dead-letters/letter-body.ts";
import { deliveryOf } from "../src/lanes/ack-subject.ts";
import { decodeExecutions } from "../src/lanes/execution-record.ts";
import { decodeRecord } from "../src/lanes/message-records.ts";
import { knownIn } from "../src/topology/cluster-record.ts";
import { namesOf } from "../src/topology/names.ts";

/** Inputs of each reader; `HELIX_FUZZ_INPUTS` for a longer night. */
const INPUTS = Number(process.env.HELIX_FUZZ_INPUTS ?? 20_000);
/** `HELIX_FUZZ_SEED` repeats a run. */
const SEED = Number(process.env.HELIX_FUZZ_SEED ?? Date.now() % 2 ** 31);

const NAMES = namesOf({ streamName: "helix-replay", subjectPrefix: "helix.replay" });
const BODIES = new Bodies();
const DEAD = "helix.replay.dead.high.B.one.0";
const EPITAPH =
  '{"id":"one.0","lane":"high.B","reason":"attempts","outcome":"rejected","error":{"name":"E","message":"m","code":"c"},' +
  '"firstError":{"name":"E","message":"m"},"attempts":3,"deadAtMs":1764000000123,"origin":{"stream":"s","sequence":7}}';

const DIRECT =
  "NATS/1.0\r\nNats-Stream: s\r\nNats-Subject: a.b\r\nNats-Sequence: 7\r\nNats-Time-Stamp: 2026-11-29T05:53:29.123456789Z\r\n" +
  "Nats-Num-Pending: 3\r\nNats-Last-Sequence: 6\r\n\r\n";

interface Reader {
  readonly title: string;
  /** What a fault is put into. */
  readonly sound: readonly string[];
  /** Reads; fails where what it gives is not what its type says. */
  readonly read: (input: Buffer) => void;
}

const isText = (value: unknown) => typeof value === "string";
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isSummary = (value: unknown) => {
  if (value === undefined) return true;
  const { name, message, code } = value as Record<string, unknown>;
  return (
    isText(name) &&
    (name as string).length <= 256 &&
    isText(message) &&
    Buffer.byteLength(message as string) <= 2048 &&
    (code === undefined || (isText(code) && (code as string).length <= 256))
  );
};

const READERS: readonly Reader[] = [
  {
    title: "a message's record",
    sound: [
      '{"attempts":3,"firstError":{"name":"E","message":"m","code":"c"},"deaths":["a","b"],"isPardoned":true}',
    ],
    read: (input) => {
      const record = decodeRecord(input);
      if (record === undefined) return;
      const { attempts, firstError, deaths = [], isPardoned } = record;
      check(isCount(attempts) && attempts < 2 ** 32 - 1 && isSummary(firstError));
      check(deaths.every(isText) && (isPardoned === undefined || isPardoned === true));
    },
  },
  {
    title: "what a process executes",
    sound: ['{"messages":["a.0","b.1"],"suspects":["a.0"]}'],
    read: (input) => {
      const record = decodeExecutions(input);
      check(record === undefined || [...record.messages, ...record.suspects].every(isText));
    },
  },
  {
    title: "which clusters A and B are",
    sound: ['{"A":{"name":"n","dataCenters":["d"],"hosts":["h","i"]},"B":{"dataCenters":[],"hosts":["j"]}}'],
    read: (input) => {
      for (const identity of Object.values(knownIn(input) ?? {})) {
        const { name = "", dataCenters, hosts } = identity;
        check([name, ...dataCenters, ...hosts].every((one) => isText(one) && one.length <= 256));
        check(hosts.length > 0);
      }
    },
  },
  {
    title: "how a dead letter ends",
    sound: ['{"end":"redriven","letter":7,"reason":"r","atMs":1764000000123}'],
    read: (input) => {
      const { end, letter, atMs } = decodeEnd(input);
      check(end === undefined || end === "redriven" || end === "discarded");
      check(
        (letter === undefined || Number.isSafeInteger(letter)) &&
          typeof atMs === "number" &&
          !Number.isNaN(atMs),
      );
    },
  },
  {
    title: "the answer to a publish",
    sound: [
      '{"stream":"s","seq":7,"duplicate":true}',
      '{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"s","seq":0}',
    ],
    read: (input) => {
      const answer = answerIn(input);
      if (answer === undefined) return;
      if ("seq" in answer) check(isCount(answer.seq) && typeof answer.duplicate === "boolean");
      else check(typeof answer.err_code === "number" && isText(answer.description));
    },
  },
  {
    title: "a stored message",
    sound: [
      `{"message":{"subject":"s","seq":7,"hdrs":"${base64("NATS/1.0\r\na: b\r\n\r\n")}","data":"AQID","time":"2026-11-29T05:53:29.123456789Z"}}`,
      '{"error":{"code":404,"err_code":10037,"description":"no message found"}}',
    ],
    read: (input) => {
      const message = storedOr(input);
      if (message === undefined) return;
      const { subject, seq, storedAtMs, data } = message;
      check(
        isText(subject) && isCount(seq) && seq > 0 && Number.isFinite(storedAtMs) && Buffer.isBuffer(data),
      );
      const header = headerIn(message, "a");
      check(header === undefined || !/[\r][\n]/.test(header));
    },
  },
  {
    title: "a message that came with many others",
    sound: [DIRECT, `NATS/1.0\r\nHelix-Table: ks.t\r\n${DIRECT.slice(10)}`],
    read: (input) => {
      const read = readDirect("s", input, Buffer.alloc(1));
      if (read === undefined) return;
      const { subject, seq, storedAtMs } = read.message;
      check(isText(subject) && isCount(seq) && seq > 0 && Number.isFinite(storedAtMs) && read.after >= 0);
      const header = headerIn(read.message, "Helix-Table");
      check(header === undefined || !/[\r][\n]/.test(header));
    },
  },
  {
    title: "the header of a dead letter",
    sound: [`NATS/1.0\r\nHelix-Format: 1\r\nHelix-Dead-Letter: ${EPITAPH}\r\n\r\n`],
    read: (headers) => {
      const stored = { subject: DEAD, seq: 7, storedAt: "", storedAtMs: 1, headers, data: Buffer.alloc(0) };
      checkLetter(stored);
    },
  },
  {
    title: "the length of what of a dead letter's body lay in the lane",
    sound: ["NATS/1.0\r\nHelix-Raw-Length: 3\r\n\r\n"],
    read: (headers) => {
      const data = Buffer.from("abc, and a text");
      const stored = { subject: DEAD, seq: 7, storedAt: "", storedAtMs: 1, headers, data };
      const { raw, text = Buffer.alloc(0) } = bodyIn(stored);
      check(Buffer.concat([raw, text]).equals(data));
    },
  },
  {
    title: "the subject of a dead letter",
    sound: [DEAD, "helix.replay.dead.low.A.undecodable.7-1764000000123", "helix.replay.dead.x.y.a.b"],
    read: (input) => {
      const headers = Buffer.from(`NATS/1.0\r\nHelix-Dead-Letter: ${EPITAPH}\r\n\r\n`);
      const stored = {
        subject: input.toString(),
        seq: 7,
        storedAt: "",
        storedAtMs: 1,
        headers,
        data: Buffer.alloc(0),
      };
      checkLetter(stored);
    },
  },
  {
    title: "where a message is acknowledged",
    sound: [
      "$JS.ACK.s.c.3.42.7.1764000000123456789.5",
      "$JS.ACK.hub.ACCHASH.s.c.3.42.7.1764000000123456789.5.random",
    ],
    read: (input) => {
      const reply = input.toString();
      const delivery = deliveryOf(reply, { stream: "s", consumer: "c" });
      if (delivery === undefined) return;
      const { deliveries, streamSequence, storedAtMs } = delivery;
      check(
        deliveries > 0 &&
          isCount(deliveries) &&
          streamSequence > 0 &&
          isCount(streamSequence) &&
          isCount(storedAtMs),
      );
      check(reply.startsWith("$JS.ACK."));
    },
  },
  {
    title: "the status of a pull",
    sound: ["408 Request Timeout|Nats-Pending-Messages|7", "409 Consumer Deleted|Nats-Pending-Bytes|0"],
    read: (input) => {
      const [line = "", name = "", value = ""] = input.toString().split("|");
      const headers = {
        code: Number.parseInt(line, 10),
        description: line.slice(4),
        get: (asked: string) => {
          if (/[^!-~]/.test(name)) throw new Error("not a valid character in a header name");
          return asked === name ? value : "";
        },
      };
      const status = statusIn({ headers: headers as never });
      check(
        status === undefined ||
          (status.code > 0 && (status.unserved === undefined || isCount(status.unserved))),
      );
    },
  },
];

describe("whatever anybody has stored or sent,", () => {
  it.each(READERS)(
    `$title is read as what it is, or as nothing (seed ${SEED})`,
    ({ sound, read }) => {
      const faults = faultsOf(SEED);
      for (const text of sound) read(Buffer.from(text));
      for (let n = 0; n < INPUTS; n++) {
        const input = faults(sound);
        try {
          read(input);
        } catch (cause) {
          throw new Error(`Input ${n} of seed ${SEED}: ${JSON.stringify(input.toString())}`, { cause });
        }
      }
    },
    600_000,
  );

  it("a reader that lets a fault through is found out", () => {
    const faults = faultsOf(1);
    const trusting = () => {
      const read = JSON.parse(faults(['{"attempts":3}']).toString()) as { attempts: number };
      check(isCount(read.attempts));
    };
    expect(() => {
      for (let n = 0; n < 1000; n++) trusting();
    }).toThrow();
  });
});

function check(isSound: boolean): void {
  if (!isSound) throw new Error("What was read is not what its type says");
}

function checkLetter(stored: Parameters<typeof letterIn>[0]): void {
  const letter = letterIn(stored, NAMES.dead, BODIES);
  check(typeof letter.content.ok === "boolean");
  const { id, lane, reason, outcome, error, firstError, attempts, deadAtMs, origin } = letter;
  check(/^(?:[A-Za-z0-9_-]{1,128}\.[0-9A-Za-z-]{1,64}|sequence=7)$/.test(id));
  check(/^(?:high|low)\.[AB]$/.test(lane) && isText(reason) && reason.length <= 40);
  check(outcome === undefined || isText(outcome));
  check(isSummary(error) && isSummary(firstError) && isCount(attempts) && Number.isFinite(deadAtMs));
  check(Object.values(origin).every((value) => isText(value) || typeof value === "number"));
}

/** What the server refuses, and an answer that is none, are told by errors of our own. */
function storedOr(input: Buffer): ReturnType<typeof readStored> | undefined {
  try {
    return readStored(input);
  } catch (error) {
    const { name } = error as Error;
    check(name === "JetStreamApiError" || name === "HelixError");
    return undefined;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Values that are not what is meant, as JSON, and pieces of what is around them. */
const ODD = [
  ...[
    "null",
    "true",
    "{}",
    "[]",
    "[null]",
    '""',
    '"x"',
    "-1",
    "0",
    "1.5",
    "1e400",
    "9007199254740993",
    "4294967295",
  ],
  ...[
    '{"toString":1}',
    '{"length":3}',
    '{"__proto__":null}',
    '"\\u0000"',
    '"\\ud800"',
    `"${"x".repeat(5000)}"`,
  ],
  ...["\r\n", ":", ".", "*", ">", " ", "|", "\u0000", "é", "NATS/1.0 404 x", "Helix-Dead-Letter: null"],
];
const VALUE = /null|true|-?\d+|"[^"]*"(?!:)|\[[^[\]]*\]|\{[^{}]*\}/g;

/** One to four faults in a sound text: a value exchanged, a byte changed, a piece taken out or put in. */
function faultsOf(seed: number): (sound: readonly string[]) => Buffer {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const odd = () => ODD[below(ODD.length)] as string;
  return (sound) => {
    let text = sound[below(sound.length)] as string;
    for (let faults = 1 + below(4); faults > 0; faults--) {
      const at = below(text.length + 1);
      const end = at + below(12);
      switch (below(5)) {
        case 0:
        case 1: {
          const values = [...text.matchAll(VALUE)];
          const { index = at, 0: value = "" } = values[below(values.length)] ?? {};
          text = text.slice(0, index) + odd() + text.slice(index + value.length);
          break;
        }
        case 2:
          text = text.slice(0, at) + odd() + text.slice(at);
          break;
        case 3:
          text = text.slice(0, at) + text.slice(end);
          break;
        default:
          text = text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
      }
    }
    const bytes = Buffer.from(text);
    if (below(8) === 0 && bytes.length > 0) bytes[below(bytes.length)] = below(256);
    return bytes;
  };
}
