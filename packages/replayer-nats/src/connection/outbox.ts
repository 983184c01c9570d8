import type { MsgHdrs, NatsConnection } from "@nats-io/nats-core";
import type { Link } from "./link.ts";

/** What the client's library sends with; its types do not say that it is there. */
interface Protocol {
  sendCommand(...pieces: Uint8Array[]): void;
  flushPending(): void;
  outMsgs: number;
  outBytes: number;
}

const CRLF = Buffer.from("\r\n");

/**
 * Publishes small texts to subjects that came from the server or are made of names, in the order in which they are given. All
 * of one turn of the event loop are encoded at once and leave as one piece: the library looks at each and encodes it by itself,
 * which took more than ten times as long. Where the library has changed inside, each is published as anything else is.
 *
 * What has not left when the connection breaks is lost, as with the library.
 */
export class Outbox {
  readonly #link: Pick<Link, "up">;
  #text = "";
  #messages = 0;
  #bytes = 0;

  constructor(link: Pick<Link, "up">) {
    this.#link = link;
  }

  /** @throws HelixError HELIX_QUEUE_UNAVAILABLE while there is no connection, or what the library throws. */
  publish(subject: string, text: string, reply?: string): void {
    const connection = this.#link.up;
    if (protocolOf(connection) === undefined) {
      connection.publish(subject, text, reply === undefined ? {} : { reply });
      return;
    }
    if (this.#messages++ === 0) queueMicrotask(() => this.#send());
    this.#bytes += text.length;
    this.#text +=
      reply === undefined
        ? `PUB ${subject} ${text.length}\r\n${text}\r\n`
        : `PUB ${subject} ${reply} ${text.length}\r\n${text}\r\n`;
  }

  /**
   * Publishes what has a block of headers, after what was given before. Its arrays must not be changed for a turn.
   *
   * @throws as `publish`
   */
  send(subject: string, reply: string, header: Uint8Array, data: Uint8Array): void {
    const connection = this.#link.up;
    const protocol = protocolOf(connection);
    const bytes = header.length + data.length;
    if (protocol === undefined || !mayPublish(connection, subject, bytes)) {
      // The library asks of headers only that they can be encoded; its own cost four times as much.
      connection.publish(subject, data, { reply, headers: { encode: () => header } as unknown as MsgHdrs });
      return;
    }
    this.#send();
    const line = Buffer.from(`HPUB ${subject} ${reply} ${header.length} ${bytes}\r\n`);
    protocol.sendCommand(line, header, data, CRLF);
    protocol.outMsgs++;
    protocol.outBytes += bytes;
  }

  /** Leaves now, and not only when all of this turn has been looked at. Throws nothing. */
  flush(): void {
    this.#send()?.flushPending();
  }

  #send(): Protocol | undefined {
    const [text, messages, bytes] = [this.#text, this.#messages, this.#bytes];
    this.#text = "";
    this.#messages = 0;
    this.#bytes = 0;
    if (messages === 0) return undefined;
    try {
      const protocol = protocolOf(this.#link.up);
      protocol?.sendCommand(Buffer.from(text));
      if (protocol === undefined) return undefined;
      protocol.outMsgs += messages;
      protocol.outBytes += bytes;
      return protocol;
    } catch {
      // The connection broke in this turn: who has something to lose hears of that from the link.
      return undefined;
    }
  }
}

/** What the library has something against is left to it. */
function mayPublish(connection: NatsConnection, subject: string, bytes: number): boolean {
  const isOpen = !connection.isClosed() && !connection.isDraining();
  return isOpen && bytes <= (connection.info?.max_payload ?? 0) && !/\s/.test(subject);
}

function protocolOf(connection: NatsConnection): Protocol | undefined {
  const { protocol } = connection as { protocol?: Partial<Protocol> };
  const isKnown =
    typeof protocol?.sendCommand === "function" &&
    typeof protocol.flushPending === "function" &&
    typeof protocol.outMsgs === "number" &&
    typeof protocol.outBytes === "number";
  return isKnown ? (protocol as Protocol) : undefined;
}
