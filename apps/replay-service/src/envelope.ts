import { aesGcmEnvelope, type Envelope } from "@helix/replayer-nats";
import type { Secret } from "./config/setting.ts";

const EXAMPLE = '{"current":"2026-11","keys":{"2026-11":"32 bytes in base64"}}';

/**
 * What seals and opens bodies with the keys of a setting, which is read again when a key is wanted that is not among them.
 *
 * @throws TypeError for what are no keys; it quotes none.
 */
export function envelopeOf(keys: Secret): Envelope {
  return aesGcmEnvelope(() => {
    const text = keys();
    try {
      return JSON.parse(text);
    } catch {
      // Without its cause, which quotes the text.
      throw new TypeError(`Expected JSON such as ${EXAMPLE}`);
    }
  });
}
