import { type ClusterId, isHelixError } from "@helix/core";
import { areSameTypes } from "../bindings/column-type.ts";
import { checkBinding } from "../bindings/on-binding.ts";
import type { OnBinding } from "../session/driver-internals/index.ts";

type Values = readonly unknown[];

/**
 * The values of one write on their way to both clusters. Until they are bound on a cluster nothing of the write has
 * gone there, since no statement is executed before it is prepared: so what the columns of one cluster refuse can be
 * called off on the other, however long that one is silent.
 */
export class WriteBinding {
  readonly #isBound = { A: false, B: false };
  #refusal: unknown;
  /** What was bound last. */
  #given: Values | undefined;
  #types: Parameters<OnBinding>[1] = [];
  #bound: Values = [];

  on(cluster: ClusterId): OnBinding {
    return (positions, types, encoding) => {
      if (this.#refusal !== undefined) throw this.#refusal;
      const values = this.#check(positions, types, encoding);
      this.#isBound[cluster] = true;
      return values;
    };
  }

  /** What one cluster's columns take those of the other do, if they are the same: the options `encoding` are, or there is no client. */
  #check(...[positions, types, encoding]: Parameters<OnBinding>): Values {
    const given = this.#given;
    if (given !== undefined && areSame(given, positions.values) && areSameTypes(this.#types, types))
      return this.#bound;
    this.#bound = checkBinding(positions, types, encoding);
    this.#given = positions.values;
    this.#types = types;
    return this.#bound;
  }

  /** Whether nothing has gone to that cluster, and now nothing will, for what the other's columns refuse. */
  callOff(cluster: ClusterId, refusal: unknown): boolean {
    // That it has come from here shows that the driver asks before it sends.
    if (this.#isBound[cluster] || !isHelixError(refusal, "HELIX_PAYLOAD_INVALID")) return false;
    this.#refusal = refusal;
    return true;
  }
}

function areSame(values: Values, others: Values): boolean {
  if (values === others) return true;
  return values.length === others.length && values.every((value, index) => Object.is(value, others[index]));
}
