import { isHelixError } from "../errors.ts";
import type { ControlStore } from "./control-store.ts";
import { controlConflict } from "./document.ts";

/** Each is lost to somebody else's change. */
const TRIES = 20;

/**
 * Makes a change of what lies there, whoever else changes it meanwhile. Resolves with the new revision. Rejects with
 * HELIX_CONTROL_CONFLICT if it is not at `revision`, with what `change` throws, and as the store does.
 *
 * @param revision Only of this one. @default whatever is there
 * @param change Makes the new document of the old one; undefined: there is none.
 * @param isMade Whether it lies there already, by an answer that was lost: then nothing is changed, whatever the revision. May throw.
 */
export async function changeDocument(
  store: ControlStore,
  key: string,
  revision: number | undefined,
  change: (value: unknown) => object,
  isMade: (value: unknown) => boolean = () => false,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    const found = await store.get(key);
    const seen = found?.revision ?? 0;
    if (isMade(found?.value)) return seen;
    if (revision !== undefined && revision !== seen) throw controlConflict(key, revision, found);
    try {
      return await store.put(key, change(found?.value), { revision: seen });
    } catch (error) {
      if (!isHelixError(error, "HELIX_CONTROL_CONFLICT") || tries === TRIES) throw error;
    }
  }
}
