/**
 * One server of ours and the ways to hurt it. Its address and its data stay the same from one `start` to the
 * next. States: running, paused (still there) and dead, the data kept; `close` ends all of them for good. A
 * server that dies by itself is noticed by the next `start`, which starts it again.
 */
export interface ControlledServer {
  /** Resolves when it answers, at once if it does; rejects with the end of its log otherwise. */
  start(): Promise<void>;
  /** SIGKILL. Resolves when it is gone: connections are then refused. Twice is harmless. */
  kill(): Promise<void>;
  /** SIGTERM, which ends it in good order; a paused one is resumed for that. Resolves when it is gone. */
  terminate(): Promise<void>;
  /** Freezes it: connections stay open, and new ones are accepted, but nothing is answered. */
  pause(): Promise<void>;
  /** Thaws it: it answers what has piled up. */
  resume(): Promise<void>;
  /** Removes the server and everything that it wrote. Twice is harmless. */
  close(): Promise<void>;
}
