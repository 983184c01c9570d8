import type { Clock, Logger } from "@helix/core";

type Level = keyof Logger;
type Fields = Readonly<Record<string, unknown>>;

/** Fields that name what a line is about: of each, its last line is true. */
const SUBJECT_FIELDS = ["cluster", "lane"] as const;

/** Further fields that tell one cause from another; ids and counts do not. */
const CAUSE_FIELDS = ["tables", "reason", "event", "callback", "part", "operation"] as const;

/** So many causes of one subject are told apart; of those beyond, the lines of one level are one cause. */
const MAX_CAUSES = 100;
/** So many subjects are; what is about others is about the rest of the service. */
const MAX_SUBJECTS = 20;
const OTHERS = "there are too many different lines to tell each; this is one of those that were left out";

/** How soon after a line it is told again, if news of the other kind came in between. Milliseconds. */
const TURN_MS = 1_000;

/** A cause that was told not long ago. */
interface Window {
  readonly level: Level;
  readonly message: string;
  readonly cause: string;
  toldAtMs: number;
  /** When it is over, or tells what it has held back. */
  dueAtMs: number;
  /** The last of those that were not told, and how many they are. */
  held: { readonly fields: Fields; readonly atMs: number; readonly repeated: number } | undefined;
}

/** What lines are about. */
interface Subject {
  readonly name: string;
  /** Whether its last news was good. */
  isGood: boolean;
  /** By cause, in the order in which the last line of each happened. */
  readonly windows: Map<string, Window>;
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
 * and one every window, and not a line per message. Debug lines, and records of orders (`audit`), are not limited.
 *
 * The last line about a cluster (a lane, the rest of the service) is true: what is good news (`info`) and what is
 * not are told in the order in which they happened, and a turn from one to the other within `TURN_MS`. What
 * flaps costs a few lines a second.
 *
 * Its memory is bounded, whatever is logged: what has one cause too many is told as one of "others". One timer.
 */
export class RateLimitedLogger implements Logger {
  readonly #options: RateLimitedLoggerOptions;
  readonly #subjects = new Map<string, Subject>();
  #wakeAtMs = Infinity;
  #cancelTimer = () => {};

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
    for (const { windows } of this.#subjects.values()) {
      for (const window of windows.values()) this.#tellHeld(window);
    }
    this.#subjects.clear();
    this.#arm();
  }

  #write(level: Level, given: Fields, sentence: string): void {
    const { clock, logger } = this.#options;
    if (given.audit !== undefined) {
      logger[level](given, sentence);
      return;
    }
    const subject = this.#subjectOf(given, isGoodNews(level));
    const named = causeOf(level, given, sentence);
    const isOther = !subject.windows.has(named) && subject.windows.size >= MAX_CAUSES;
    const cause = isOther ? `others ${level}` : named;
    const message = isOther ? OTHERS : sentence;
    const fields = isOther ? { ...given, line: sentence } : given;
    const open = subject.windows.get(cause);
    if (open !== undefined) {
      open.held = { fields, atMs: clock.wallMs(), repeated: (open.held?.repeated ?? 0) + 1 };
      subject.windows.delete(cause);
      subject.windows.set(cause, open);
      return;
    }
    const window = { level, message, cause, toldAtMs: 0, dueAtMs: 0, held: undefined };
    this.#tellEarlier(subject, window);
    logger[level](fields, message);
    subject.windows.set(cause, window);
    this.#told(subject, window);
    this.#arm();
  }

  /** What the fields are about. */
  #subjectOf(fields: Fields, isGood: boolean): Subject {
    const named = JSON.stringify(SUBJECT_FIELDS.map((field) => fields[field]));
    const isOther = !this.#subjects.has(named) && this.#subjects.size >= MAX_SUBJECTS;
    const name = isOther ? "others" : named;
    const subject = this.#subjects.get(name) ?? { name, isGood, windows: new Map() };
    const turns = subject.isGood !== isGood;
    if (turns) this.#turn(subject);
    // Here, since a turn may have ended its last window.
    this.#subjects.set(name, subject);
    if (turns) this.#arm();
    return subject;
  }

  /** The news is of the other kind now: what is of the first is not held back for long. */
  #turn(subject: Subject): void {
    const nowMs = this.#options.clock.monotonicMs();
    subject.isGood = !subject.isGood;
    for (const window of subject.windows.values()) {
      if (isGoodNews(window.level) === subject.isGood) continue;
      window.dueAtMs = window.toldAtMs + TURN_MS;
      if (window.dueAtMs <= nowMs) this.#end(subject, window);
    }
  }

  #told(subject: Subject, window: Window): void {
    const { clock, windowMs } = this.#options;
    window.toldAtMs = clock.monotonicMs();
    const isLast = isGoodNews(window.level) === subject.isGood;
    window.dueAtMs = window.toldAtMs + (isLast ? windowMs : TURN_MS);
  }

  /** Sets the timer to what is due next. */
  #arm(): void {
    const { clock } = this.#options;
    const wakeAtMs = Math.min(...this.#all().map(({ window }) => window.dueAtMs));
    if (wakeAtMs === this.#wakeAtMs) return;
    this.#cancelTimer();
    this.#wakeAtMs = wakeAtMs;
    this.#cancelTimer =
      wakeAtMs === Infinity
        ? () => {}
        : clock.setTimer(() => this.#wake(), Math.max(0, wakeAtMs - clock.monotonicMs()));
  }

  #wake(): void {
    this.#wakeAtMs = Infinity;
    const nowMs = this.#options.clock.monotonicMs();
    const due = this.#all().filter(({ window }) => window.dueAtMs <= nowMs);
    for (const { subject, window } of due.sort((a, b) => a.window.dueAtMs - b.window.dueAtMs)) {
      // It may have been told by one before it.
      if (window.dueAtMs <= nowMs && subject.windows.get(window.cause) === window) this.#end(subject, window);
    }
    this.#arm();
  }

  #all(): { readonly subject: Subject; readonly window: Window }[] {
    return [...this.#subjects.values()].flatMap((subject) =>
      Array.from(subject.windows.values(), (window) => ({ subject, window })),
    );
  }

  /** Tells what a window has held back, which opens it anew; one that has nothing is over. */
  #end(subject: Subject, window: Window): void {
    if (window.held === undefined) {
      subject.windows.delete(window.cause);
      if (subject.windows.size === 0) this.#subjects.delete(subject.name);
      return;
    }
    this.#tellEarlier(subject, window);
    this.#tellHeld(window);
    this.#told(subject, window);
  }

  /** Of the other kind, what happened before that which is about to be told. */
  #tellEarlier(subject: Subject, window: Window): void {
    for (const other of subject.windows.values()) {
      if (other === window) return;
      if (isGoodNews(other.level) !== isGoodNews(window.level)) this.#tellHeld(other);
    }
  }

  #tellHeld(window: Window): void {
    const { level, held, message } = window;
    if (held === undefined) return;
    window.held = undefined;
    // Told late, so it says when: it may be over by now.
    const lastAgoMs = Math.max(0, this.#options.clock.wallMs() - held.atMs);
    this.#options.logger[level]({ ...held.fields, repeated: held.repeated, lastAgoMs }, message);
  }
}

function isGoodNews(level: Level): boolean {
  return level === "info";
}

function causeOf(level: Level, fields: Fields, message: string): string {
  const error = (fields.error ?? fields.err) as { name?: unknown; code?: unknown } | null | undefined;
  const where = CAUSE_FIELDS.map((field) => fields[field]);
  return JSON.stringify([level, message, ...where, `${error?.name}`, `${error?.code}`]);
}
