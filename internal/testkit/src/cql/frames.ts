/** The operations of the native protocol that this server knows. */
export const OPCODE = {
  error: 0x00,
  startup: 0x01,
  ready: 0x02,
  authenticate: 0x03,
  options: 0x05,
  supported: 0x06,
  query: 0x07,
  result: 0x08,
  prepare: 0x09,
  execute: 0x0a,
  register: 0x0b,
  event: 0x0c,
  batch: 0x0d,
  authResponse: 0x0f,
  authSuccess: 0x10,
} as const;

/** The one version spoken here, which is also the highest that the driver knows of Apache Cassandra. */
export const VERSION = 4;

const HEADER_BYTES = 9;
const RESPONSE = 0x80;

/** A request as it came, the body undecoded. */
export interface Frame {
  readonly version: number;
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly body: Buffer;
}

/** Cuts a stream of bytes into frames. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are complete with these bytes. */
  *push(bytes: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readInt32BE(5);
      if (this.#rest.length < end) return;
      const frame = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      yield {
        version: frame.readUInt8(0),
        flags: frame.readUInt8(1),
        stream: frame.readInt16BE(2),
        opcode: frame.readUInt8(4),
        body: frame.subarray(HEADER_BYTES),
      };
    }
  }
}

/** A request's bytes. */
export function requestFrame(stream: number, opcode: number, body: Buffer): Buffer {
  return frameOf(VERSION, stream, opcode, body);
}

/** An answer's bytes. */
export function responseFrame(stream: number, opcode: number, body: Buffer): Buffer {
  return frameOf(RESPONSE | VERSION, stream, opcode, body);
}

function frameOf(version: number, stream: number, opcode: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(version, 0);
  header.writeInt16BE(stream, 2);
  header.writeUInt8(opcode, 4);
  header.writeInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}
