import type { Clock, Logger } from "@helix/core";

type Level = keyof Logger;
type Fields = Readonly<Record<string, unknown>>;

/** Fields that tell one cause from another; ids and counts do not. */
const CAUSE_FIELDS = [
  "cluster",
  "lane",
  "tables",
  "reason",
  "event",
  "callback",
  "part",
  "operation",
] as const;

interface Window {
  readonly level: Level;
  readonly message: string;
  last: Fields;
  lastAtMs: number;
  repeated: number;
  cancel: () => void;
}

export interface RateLimitedLoggerOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** In which a cause has one line. Milliseconds. */
  readonly windowMs: number;
}

/**
 * Writes the first line of a cause at once, and of those that follow one per window: the last, with how many
 * there were. A cause is the sentence, where it happened, and the kind of error. An outage is then a line now
 * and one every window, and not a line per message. Debug lines are not limited.
 */
export class RateLimitedLogger implements Logger {
  readonly #options: RateLimitedLoggerOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: RateLimitedLoggerOptions) {
    this.#options = options;
  }

  debug(fields: object, message: string): void {
    this.#options.logger.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.#write("info", fields as Fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write("warn", fields as Fields, message);
  }

  error(fields: object, message: string): void {
    this.#write("error", fields as Fields, message);
  }

  /** Writes what is still counted, and leaves no timer. What is logged later is limited anew. */
  flush(): void {
    for (const window of this.#windows.values()) {
      window.cancel();
      this.#tellRepeated(window);
    }
    this.#windows.clear();
  }

  #write(level: Level, fields: Fields, message: string): void {
    const cause = causeOf(level, fields, message);
    const open = this.#windows.get(cause);
    if (open !== undefined) {
      open.last = fields;
      open.lastAtMs = this.#options.clock.wallMs();
      open.repeated++;
      return;
    }
    this.#options.logger[level](fields, message);
    const window: Window = { level, message, last: fields, lastAtMs: 0, repeated: 0, cancel: () => {} };
    this.#windows.set(cause, window);
    this.#arm(cause, window);
  }

  #arm(cause: string, window: Window): void {
    const { clock, windowMs } = this.#options;
    window.cancel = clock.setTimer(() => {
      if (window.repeated === 0) {
        this.#windows.delete(cause);
        return;
      }
      this.#tellRepeated(window);
      this.#arm(cause, window);
    }, windowMs);
  }

  #tellRepeated(window: Window): void {
    const { level, last, lastAtMs, message, repeated } = window;
    if (repeated === 0) return;
    window.repeated = 0;
    // Told late, so it says when: it may be over by now.
    const lastAgoMs = Math.max(0, this.#options.clock.wallMs() - lastAtMs);
    this.#options.logger[level]({ ...last, repeated, lastAgoMs }, message);
  }
}

function causeOf(level: Level, fields: Fields, message: string): string {
  const error = (fields.error ?? fields.err) as { name?: unknown; code?: unknown } | null | undefined;
  const where = CAUSE_FIELDS.map((field) => fields[field]);
  return JSON.stringify([level, message, ...where, `${error?.name}`, `${error?.code}`]);
}
