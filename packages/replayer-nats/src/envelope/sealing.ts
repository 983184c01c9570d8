import { type HelixErrorOf, helixError, isHelixError } from "@helix/core";
import type { Envelope } from "./envelope.ts";

export interface EnvelopeOptions {
  readonly envelope?: Envelope | undefined;
  readonly sealedOnly?: boolean | undefined;
}

/** No MessagePack begins with 0xc1, so that no payload ever looks like it; then who it is, and the version. */
const FRAME = Uint8Array.of(0xc1, 0x48, 0x45, 0x31);

/** Seals and opens bodies by the envelope that was given, or says that there is none. */
export class Sealing {
  readonly #envelope: Envelope | undefined;
  readonly #sealedOnly: boolean;

  constructor({ envelope, sealedOnly = false }: EnvelopeOptions) {
    this.#envelope = envelope;
    this.#sealedOnly = sealedOnly;
  }

  /** As it is where there is no envelope. */
  seal(body: Uint8Array): Uint8Array {
    if (this.#envelope === undefined) return body;
    return Buffer.concat([FRAME, bytes(this.#envelope.seal(body))]);
  }

  /**
   * What was sealed, and what never was.
   *
   * @throws HelixError HELIX_ENVELOPE_KEY_UNKNOWN, HELIX_ENVELOPE_UNREADABLE.
   */
  open(raw: Uint8Array): Uint8Array {
    if (!isSealed(raw)) {
      if (!this.#sealedOnly) return raw;
      throw unreadable("It is not sealed, and `sealedOnly` takes nothing else");
    }
    if (this.#envelope === undefined) {
      const text = "It is sealed, and this process has no `envelope` to open it with";
      throw helixError("HELIX_ENVELOPE_KEY_UNKNOWN", text, {});
    }
    try {
      return bytes(this.#envelope.open(raw.subarray(FRAME.length)));
    } catch (cause) {
      const isOurs =
        isHelixError(cause, "HELIX_ENVELOPE_KEY_UNKNOWN") || isHelixError(cause, "HELIX_ENVELOPE_UNREADABLE");
      throw isOurs ? cause : unreadable("The envelope cannot open it", { cause });
    }
  }
}

/** What will never be readable with what the bytes say. */
export function unreadable(
  text: string,
  { keyId, cause }: { keyId?: string | undefined; cause?: unknown } = {},
): HelixErrorOf<"HELIX_ENVELOPE_UNREADABLE"> {
  return helixError("HELIX_ENVELOPE_UNREADABLE", text, { keyId }, cause === undefined ? {} : { cause });
}

function isSealed(raw: Uint8Array): boolean {
  // Each message is asked, and most differ in the first byte.
  return raw[0] === FRAME[0] && FRAME.every((byte, at) => raw[at] === byte);
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("Expected the envelope to give a Uint8Array");
}
