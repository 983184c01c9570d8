/** What the reply subject of a delivered message says (NATS ADR-15). */
export interface Delivery {
  readonly streamSequence: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  /** When the stream stored it. Milliseconds since 1970, by the server's clock. */
  readonly storedAtMs: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<cseq>.<time>.<pending>`, or the form with domain and account
 * before the stream.
 */
export function deliveryOf(reply: string | undefined): Delivery | undefined {
  const tokens = reply?.split(".") ?? [];
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const at = tokens.length === 9 ? 4 : tokens.length >= 11 ? 6 : Number.NaN;
  const deliveries = Number(tokens[at]);
  const streamSequence = Number(tokens[at + 1]);
  const storedAtMs = Math.floor(Number(tokens[at + 3]) / 1_000_000);
  return deliveries > 0 && streamSequence > 0 && storedAtMs > 0
    ? { streamSequence, deliveries, storedAtMs }
    : undefined;
}
