import { decodeContent, encodePayload, isTableInHeader, payloadHeaders, tablesInHeader } from "@helix/codec";
import { helixError, isHelixError, type Lane, type MessageContent, type ReplayPayload } from "@helix/core";
import { headerIn, type StoredMessage } from "./connection/stored-message.ts";
import { type EnvelopeOptions, Sealing } from "./envelope/sealing.ts";

/** What a payload is in the streams, and what the bytes there stand for: nothing else of this package asks the codec. */
export class Bodies {
  readonly #sealing: Sealing;

  constructor(options: EnvelopeOptions = {}) {
    this.#sealing = new Sealing(options);
  }

  /**
   * @param maxBytes What the body may have at most, sealed as it is stored.
   * @throws as `encodePayload` does, and what the envelope throws.
   */
  encode(payload: ReplayPayload, maxBytes: number): Uint8Array {
    const body = this.#sealing.seal(encodePayload(payload, { maxPayloadBytes: maxBytes }));
    if (body.length <= maxBytes) return body;
    const text = `The sealed payload has ${body.length} bytes, and no more than ${maxBytes} are taken`;
    throw helixError("HELIX_PAYLOAD_TOO_LARGE", text, { bytes: body.length, maxPayloadBytes: maxBytes });
  }

  /** A text that may quote what a payload binds, as it is kept behind the body of a dead letter; no bytes for none. */
  encodeText(text: string): Uint8Array {
    const bytes = Buffer.from(text);
    return bytes.length === 0 ? bytes : this.#sealing.seal(bytes);
  }

  /** What {@link encodeText} was given; undefined where it cannot be opened. */
  readText(bytes: Uint8Array): string | undefined {
    try {
      return Buffer.from(this.#sealing.open(bytes)).toString();
    } catch (error) {
      if (!isHelixError(error)) throw error;
      return undefined;
    }
  }

  /** What is told of a payload beside its body. */
  headersOf(payload: ReplayPayload): Readonly<Record<string, string>> {
    return payloadHeaders(payload);
  }

  /** Whether a message is of a payload about a table, by its headers; undefined where only the payload can tell. */
  isAbout(table: string, message: Pick<StoredMessage, "headers">): boolean | undefined {
    return isTableInHeader(headerIn(message, "Helix-Table"), table);
  }

  /** All tables that a message is about, by its headers; undefined where only the payload can tell. */
  tablesOf(message: Pick<StoredMessage, "headers">): readonly string[] | undefined {
    return tablesInHeader(headerIn(message, "Helix-Table"));
  }

  /**
   * What is no payload keeps its bytes as they are stored.
   *
   * @param lane Where it lies, which a payload has to be for; none where that names no lane.
   */
  read(raw: Uint8Array, lane?: Lane): MessageContent {
    try {
      const body = this.#sealing.open(raw);
      const content = decodeContent(body, lane);
      return content.ok || body === raw ? content : { ...content, raw: new Uint8Array(raw) };
    } catch (error) {
      if (!isHelixError(error)) throw error;
      return { ok: false, raw: new Uint8Array(raw), error };
    }
  }

  /** Of bytes that are not to be read any more, since processes have ended while they did. */
  fatal(raw: Uint8Array): MessageContent {
    const text = "Processes ended while they decoded it, again and again";
    return { ok: false, raw, error: helixError("HELIX_PAYLOAD_INVALID", text, {}) };
  }

  /** Whether what lies there is this write; see {@link areSame}. */
  isOf(payload: ReplayPayload, raw: Uint8Array): boolean {
    const there = this.read(raw);
    return there.ok && isSameWrite(there.payload, payload);
  }

  /**
   * Whether both are the same write: the same bytes, or payloads that differ in nothing but the time of their enqueue, as
   * copies of one redrive do. Id and life say nothing of that: whoever writes chooses them.
   */
  areSame(one: Uint8Array, other: Uint8Array): boolean {
    if (Buffer.compare(one, other) === 0) return true;
    const content = this.read(one);
    return content.ok && this.isOf(content.payload, other);
  }
}

function isSameWrite(one: ReplayPayload, other: ReplayPayload): boolean {
  const atTheSameTime = { ...other, enqueuedAtMs: one.enqueuedAtMs };
  return Buffer.compare(encodePayload(one), encodePayload(atTheSameTime)) === 0;
}
