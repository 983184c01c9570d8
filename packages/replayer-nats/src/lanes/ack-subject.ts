/** What the reply subject of a delivered message says (NATS ADR-15). */
export interface Delivery {
  readonly streamSequence: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  /** When the stream stored it. Milliseconds since 1970, by the server's clock. */
  readonly storedAtMs: number;
}

/** Whose messages are to be settled: a reply subject that names another's would settle what is not in hand. */
export interface Source {
  readonly stream: string;
  readonly consumer: string;
}

/** As the server writes them; the last has nanoseconds since 1970. */
const NUMBER = /^[1-9]\d{0,18}$/;

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<cseq>.<time>.<pending>`, or the form with domain and account
 * before the stream. Undefined for whatever is no such subject, or not of this consumer: anybody who knows where a queue
 * listens can send it a message with any reply.
 */
export function deliveryOf(reply: string | undefined, { stream, consumer }: Source): Delivery | undefined {
  const tokens = reply?.split(".") ?? [];
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const at = tokens.length === 9 ? 2 : tokens.length >= 11 ? 4 : Number.NaN;
  if (tokens[at] !== stream || tokens[at + 1] !== consumer) return undefined;
  const numbers = [2, 3, 5].map((offset) => tokens[at + offset] ?? "");
  if (!numbers.every((text) => NUMBER.test(text))) return undefined;
  const [deliveries = 0, streamSequence = 0, storedAtNs = 0] = numbers.map(Number);
  const storedAtMs = Math.floor(storedAtNs / 1_000_000);
  const isSound = Number.isSafeInteger(deliveries) && Number.isSafeInteger(streamSequence) && storedAtMs > 0;
  return isSound ? { streamSequence, deliveries, storedAtMs } : undefined;
}
