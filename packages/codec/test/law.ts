import { statementsOf } from "@helix/core";
import { encoderOf, sent, type TypedValue, typedValue } from "@helix/testkit/values";
import fc from "fast-check";
import type * as codec from "../src/index.ts";
import { payloadOf } from "./round-trip.ts";

export type Codec = Pick<typeof codec, "encodePayload" | "decodePayload">;

export interface LawOptions {
  readonly cases: number;
  readonly seed: number;
  /** Told of every case before it is tried. */
  readonly onCase?: (value: TypedValue) => void;
}

/** The law: what the driver sends for a value is the same before encoding and after decoding. */
export function checkLaw(codec: Codec, { cases, seed, onCase }: LawOptions) {
  const law = fc.property(typedValue(), (typed) => {
    onCase?.(typed);
    const { type, value, encoding } = typed;
    const [statement] = statementsOf(codec.decodePayload(codec.encodePayload(payloadOf([value]))));
    const [decoded] = (statement as unknown as { params: unknown[] }).params;
    return sent(encoderOf(encoding), decoded, type) === sent(encoderOf(encoding), value, type);
  });
  return fc.check(law, { numRuns: cases, seed });
}
