import { areSameTypes } from "../../bindings/column-type.ts";

type Types = Parameters<typeof areSameTypes>[0];

/** Where in a frame the values are: how many, and each with its length. */
interface Values {
  readonly frame: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Of a frame that is kept for another session, which may be silent for long: a large one is soon made anew, and much to keep. */
const MOST_BYTES = 16 * 1024;

/**
 * The bytes of one statement's values, made by the first session that sends it and copied, once, by another whose markers have the same types.
 * The options of the sessions that decide on bytes must be the same.
 */
export class SharedValues {
  #of: { readonly params: readonly unknown[]; readonly types: Types; readonly values: Values } | undefined;

  /** Undefined where they were not made yet, or by other types, or were taken. */
  take(params: readonly unknown[], types: Types): Values | undefined {
    const of = this.#of;
    if (of?.params !== params || !areSameTypes(of.types, types)) return undefined;
    this.#of = undefined;
    return of.values;
  }

  /** @param values In a frame that is not changed any more. */
  keep(params: readonly unknown[], types: Types, values: Values): void {
    if (values.frame.length <= MOST_BYTES) this.#of ??= { params, types, values };
  }
}
