import { helixError, LANES, type Lane, type QueueRoom } from "@helix/core";

/** What the queue may hold, and holds: messages of all lanes together, and the bytes of their payloads. */
export class Room {
  readonly #capacity: number;
  readonly #maxBytes: number;
  #messages = 0;
  #bytes = 0;

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get limits(): QueueRoom[] {
    const messages = this.#messages;
    const all = { of: "lanes", lanes: LANES, messages } as const;
    return [
      { ...all, unit: "messages", used: messages, capacity: this.#capacity },
      { ...all, unit: "bytes", used: this.#bytes, capacity: this.#maxBytes },
    ];
  }

  /** @throws HelixError HELIX_QUEUE_FULL, and then nothing is taken. */
  take(lane: Lane, bytes: number): void {
    if (this.#messages >= this.#capacity) throw full(lane, "messages", this.#capacity);
    if (this.#bytes + bytes > this.#maxBytes) throw full(lane, "bytes", this.#maxBytes);
    this.#messages++;
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
  }
}

function full(lane: Lane, limit: "messages" | "bytes", capacity: number) {
  const message = `The queue is full: ${capacity} ${limit} are all that it may hold`;
  return helixError("HELIX_QUEUE_FULL", message, { lane, limit, capacity });
}
