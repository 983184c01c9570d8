import { decodePayload, encodePayload } from "@helix/codec";
import type { ReplayPayload } from "@helix/core";
import { Decoder, Encoder } from "@msgpack/msgpack";
import { type Bench, sized } from "./bench.ts";
import { interleaved } from "./measure/interleaved.ts";
import { microsPerCall } from "./measure/timing.ts";
import { DOCUMENT, ID, SIX_PARAMETERS, sixParameters } from "./payloads.ts";
import { pairs, type Row } from "./report/row.ts";

/**
 * Ours, JSON, and the MessagePack library alone, of one six-parameter insert. A queue carries bytes, so JSON is measured to and from them; what
 * JSON lacks has been made before, and is not made anew: a UUID and a timestamp of its text, bytes of base64.
 */
export const codec: Bench = {
  name: "codec",
  short: true,
  async run(run) {
    const calls = sized(run, 20_000, 30_000);
    const rounds = sized(run, 5, 7);
    const payload = sixParameters(1);
    const [object, json] = [plain(payload), forJson(payload)];
    const encoder = new Encoder({ useBigInt64: true });
    const decoder = new Decoder({ useBigInt64: true });
    const [bytes, plainBytes, text] = [encodePayload(payload), encoder.encode(object), JSON.stringify(json)];
    const textBytes = Buffer.from(text);
    const compare = async (
      way: "encode" | "decode",
      of: Readonly<Record<"ours" | "json" | "text" | "library", () => unknown>>,
    ) => {
      const micros = await interleaved(rounds, {
        ours: () => microsPerCall(calls, of.ours),
        json: () => microsPerCall(calls, of.json),
        text: () => microsPerCall(calls, of.text),
        library: () => microsPerCall(calls, of.library),
      });
      const what = `${way} the six-parameter insert, checks included`;
      const text = way === "encode" ? "JSON.stringify()" : "JSON.parse()";
      return [
        {
          id: `codec.${way}`,
          what,
          against: `${text} of the same, ${way === "encode" ? "to" : "from"} bytes`,
          unit: "µs",
          goal: { atMost: 1.2 },
          samples: pairs(micros.ours, micros.json),
        },
        {
          id: `codec.${way}.text`,
          what,
          against: `${text} of the same, the text alone`,
          unit: "µs",
          samples: pairs(micros.ours, micros.text),
        },
        {
          id: `codec.${way}.library`,
          what,
          against: "@msgpack/msgpack of the same without CQL types",
          unit: "µs",
          samples: pairs(micros.ours, micros.library),
        },
      ] satisfies Row[];
    };
    return {
      rows: [
        ...(await compare("encode", {
          ours: () => encodePayload(payload),
          json: () => Buffer.from(JSON.stringify(json)),
          text: () => JSON.stringify(json),
          library: () => encoder.encode(object),
        })),
        ...(await compare("decode", {
          ours: () => decodePayload(bytes),
          json: () => JSON.parse(textBytes.toString()),
          text: () => JSON.parse(text),
          library: () => decoder.decode(plainBytes),
        })),
        {
          id: "codec.size",
          what: "the encoded six-parameter insert",
          against: "JSON of the same",
          unit: "bytes",
          samples: pairs([bytes.length], [Buffer.byteLength(text)]),
        },
      ],
    };
  },
};

/** The same, in what MessagePack has by itself: what an application would write that needs no more. */
function plain(payload: ReplayPayload): object {
  return {
    ...envelope(payload),
    args: [ID.getBuffer(), "hello world", 1_764_000_000_000, 5, { street: "x", no: 5 }, DOCUMENT],
    timestamp: payload.timestampMicros,
  };
}

/** And in what JSON has: bytes in base64, the timestamp as a text. */
function forJson(payload: ReplayPayload): object {
  return {
    ...envelope(payload),
    args: [
      String(ID),
      "hello world",
      1_764_000_000_000,
      5,
      { street: "x", no: 5 },
      DOCUMENT.toString("base64"),
    ],
    timestamp: String(payload.timestampMicros),
  };
}

function envelope(payload: ReplayPayload): object {
  return {
    target_cluster: payload.targetCluster,
    query: SIX_PARAMETERS,
    args: null,
    timestamp: null,
    priority: 0,
    is_batch: false,
    batch_type: 0,
    batch_statements: [],
    v: 1,
    id: payload.id,
    life: payload.life,
    written_at: payload.writtenAtMs,
    enqueued_at: payload.enqueuedAtMs,
  };
}
