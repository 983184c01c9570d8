import type { Msg, MsgHdrs } from "@nats-io/nats-core";
import { decode, type Packet, type ReadHeader, readHeader } from "./wire.ts";

/** What of a received message's headers anybody reads. */
type Headers = Pick<MsgHdrs, "code" | "description" | "get" | "has" | "keys" | "last" | "status" | "values">;

/** A message as a client receives it: headers are read when somebody asks. */
export class ModelMessage implements Pick<Msg, "subject" | "data" | "sid"> {
  readonly sid: number;
  readonly #packet: Packet;
  #headers: Headers | undefined;

  constructor(packet: Packet, sid: number) {
    this.#packet = packet;
    this.sid = sid;
  }

  get subject(): string {
    return this.#packet.subject;
  }

  get reply(): string {
    return this.#packet.reply;
  }

  get data(): Uint8Array {
    return this.#packet.data;
  }

  get headers(): Headers | undefined {
    if (this.#packet.header === undefined) return undefined;
    this.#headers ??= headersOf(readHeader(this.#packet.header));
    return this.#headers;
  }

  json<T>(): T {
    return JSON.parse(this.string()) as T;
  }

  string(): string {
    return decode(this.data);
  }
}

function headersOf({ code, description, fields }: ReadHeader): Headers {
  return {
    code,
    description,
    status: `${code} ${description}`.trim(),
    get: (name) => fields.get(name) ?? "",
    last: (name) => fields.get(name) ?? "",
    has: (name) => fields.has(name),
    keys: () => [...fields.keys()],
    values: (name) => (fields.has(name) ? [fields.get(name) ?? ""] : []),
  };
}
