/** What the reply subject of a delivered message says (NATS ADR-15). */
export class Delivery {
  readonly streamSequence: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  /** When the stream stored it. Milliseconds since 1970, by the server's clock. */
  readonly storedAtMs: number;

  constructor(streamSequence: number, deliveries: number, storedAtMs: number) {
    this.streamSequence = streamSequence;
    this.deliveries = deliveries;
    this.storedAtMs = storedAtMs;
  }
}

/** Whose messages are to be settled: a reply subject that names another's would settle what is not in hand. */
export interface Source {
  readonly stream: string;
  readonly consumer: string;
}

const START = "$JS.ACK.";
/** As the server writes numbers: the largest has nanoseconds since 1970. */
const MOST_DIGITS = 19;

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<cseq>.<time>.<pending>`, or the form with domain and account
 * before the stream. Undefined for whatever is no such subject, or not of this consumer: anybody who knows where a queue
 * listens can send it a message with any reply. Each message has one, so it is read in place: without its parts as texts it takes a fifth.
 */
export function deliveryOf(reply: string | undefined, { stream, consumer }: Source): Delivery | undefined {
  if (reply?.startsWith(START) !== true) return undefined;
  const name = `${stream}.${consumer}.`;
  if (reply.startsWith(name, START.length)) {
    const delivery = read(reply, START.length + name.length, true);
    if (delivery !== undefined) return delivery;
  }
  const account = reply.indexOf(".", START.length) + 1;
  const at = account === 0 ? 0 : reply.indexOf(".", account) + 1;
  return at > 0 && reply.startsWith(name, at) ? read(reply, at + name.length, false) : undefined;
}

/** @param isEnd Whether nothing may follow the number of pending ones. */
function read(reply: string, at: number, isEnd: boolean): Delivery | undefined {
  const stored = reply.indexOf(".", at) + 1;
  const consumed = reply.indexOf(".", stored) + 1;
  const time = reply.indexOf(".", consumed) + 1;
  const pending = reply.indexOf(".", time) + 1;
  if (stored === 0 || consumed === 0 || time === 0 || pending === 0) return undefined;
  if (isEnd && reply.includes(".", pending)) return undefined;
  const deliveries = numberIn(reply, at, stored - 1);
  const streamSequence = numberIn(reply, stored, consumed - 1);
  const storedAtMs = Math.floor(numberIn(reply, time, pending - 1) / 1_000_000);
  const isSound = Number.isSafeInteger(deliveries) && Number.isSafeInteger(streamSequence) && storedAtMs > 0;
  return isSound ? new Delivery(streamSequence, deliveries, storedAtMs) : undefined;
}

/** Of one or more digits without a leading zero; NaN for anything else. */
function numberIn(text: string, from: number, to: number): number {
  if (to <= from || to - from > MOST_DIGITS || text.charCodeAt(from) === 48) return Number.NaN;
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
