/**
 * Makes of a body what the broker may see, and the body again. Both answer at once, so a key that is kept elsewhere has to
 * be fetched before. Given to whoever enqueues and to whoever replays; see `aesGcmEnvelope`.
 */
export interface Envelope {
  /** What it throws rejects the `enqueue`. */
  seal(body: Uint8Array): Uint8Array;
  /**
   * Throws HELIX_ENVELOPE_KEY_UNKNOWN where the key may come yet: the message waits then. Whatever else it throws makes a
   * dead letter of the message, with its sealed bytes.
   */
  open(sealed: Uint8Array): Uint8Array;
}
