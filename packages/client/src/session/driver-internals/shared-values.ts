import { areSameTypes } from "../../bindings/column-type.ts";

type Types = Parameters<typeof areSameTypes>[0];

/** Where in a frame the values are: how many, and each with its length. */
interface Values {
  readonly frame: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes of one statement's values, made by the first session that sends it and copied by another whose markers have the same types. The
 * options of the sessions that decide on bytes must be the same.
 */
export class SharedValues {
  #of: { readonly params: readonly unknown[]; readonly types: Types; readonly values: Values } | undefined;

  /** Undefined where they were not made yet, or by other types. */
  get(params: readonly unknown[], types: Types): Values | undefined {
    const of = this.#of;
    return of?.params === params && areSameTypes(of.types, types) ? of.values : undefined;
  }

  /** @param values In a frame that is not changed any more. */
  keep(params: readonly unknown[], types: Types, values: Values): void {
    this.#of ??= { params, types, values };
  }
}
