import { statementsOf } from "@helix/core";
import fc from "fast-check";
import type * as codec from "../src/index.ts";
import { encoderOf, sent } from "./driver-copies.ts";
import { payloadOf } from "./round-trip.ts";
import { encodings, type TypedValue, typedValue } from "./typed-values.ts";

export type Codec = Pick<typeof codec, "encodePayload" | "decodePayload" | "normalizeParams">;

export interface LawOptions {
  readonly cases: number;
  readonly seed: number;
  /** Told of every case before it is tried. */
  readonly onCase?: (value: TypedValue) => void;
}

/**
 * The law: what the driver sends for a value is the same before encoding and after decoding; and for a
 * client in any other mode, after `normalizeParams`. Nothing that the driver sends as meant is refused.
 */
export function checkLaw(codec: Codec, { cases, seed, onCase }: LawOptions) {
  const law = fc.property(typedValue(), encodings(), (typed, otherMode) => {
    onCase?.(typed);
    const { type, value, encoding } = typed;
    const before = sent(encoderOf(encoding), value, type);
    const bytes = codec.encodePayload(payloadOf([value]), { types: [type], encoding });
    const [statement] = statementsOf(codec.decodePayload(bytes));
    const params = (statement as unknown as { params: unknown[] }).params;
    const [normalized] = codec.normalizeParams(params, [type]) as unknown[];
    return (
      sent(encoderOf(encoding), params[0], type) === before &&
      sent(encoderOf(otherMode), normalized, type) === before
    );
  });
  return fc.check(law, { numRuns: cases, seed });
}
