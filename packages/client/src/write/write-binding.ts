import { type ClusterId, isHelixError } from "@helix/core";
import { checkBinding } from "../bindings/on-binding.ts";
import type { OnBinding } from "../session/driver-internals/index.ts";

/**
 * The values of one write on their way to both clusters. Until they are bound on a cluster nothing of the write has
 * gone there, since no statement is executed before it is prepared: so what the columns of one cluster refuse can be
 * called off on the other, however long that one is silent.
 */
export class WriteBinding {
  readonly #isBound = { A: false, B: false };
  #refusal: unknown;

  on(cluster: ClusterId): OnBinding {
    return (positions, types, encoding) => {
      if (this.#refusal !== undefined) throw this.#refusal;
      const values = checkBinding(positions, types, encoding);
      this.#isBound[cluster] = true;
      return values;
    };
  }

  /** Whether nothing has gone to that cluster, and now nothing will, for what the other's columns refuse. */
  callOff(cluster: ClusterId, refusal: unknown): boolean {
    // That it has come from here shows that the driver asks before it sends.
    if (this.#isBound[cluster] || !isHelixError(refusal, "HELIX_PAYLOAD_INVALID")) return false;
    this.#refusal = refusal;
    return true;
  }
}
