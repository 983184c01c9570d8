/** What the process ends with; the README has the table. Numbers as in sysexits(3). */
export const EXIT = Object.freeze({
  /** Stopped in order: everything was finished or handed back. */
  ok: 0,
  /** The configuration or the command line is wrong; nothing was started. */
  configuration: 64,
  /** Something refuses the service, and waiting will not cure it. */
  refused: 69,
  /** A fault of the service's own. */
  internal: 70,
  /** Stopped, but not in order: the queue delivers again what was in hand. */
  unfinished: 75,
  /** A second signal ended it at once: this and the number of the signal. */
  signal: 128,
});
