import { member } from "./member.ts";

/** So much earlier a heartbeat may come than after the silence that was asked for. Milliseconds; a tenth of that at most. */
const EARLY_MS = 250;

/** What the driver has of a connection, as far as it is there. */
interface Members {
  readonly log?: (level: unknown, ...rest: unknown[]) => void;
  readonly _setIdleTimeout?: () => void;
}

/**
 * Spares a connection what the driver does for each frame that it sends and gets: lines of a log that nobody hears, and a
 * timer of its silence, set anew. They were a fourth of what it does for a request.
 *
 * @param isHeard Whether somebody wants the lines on frames, now.
 */
export function spareFrames(connection: object, nowMs: () => number, isHeard: () => boolean): void {
  const { log, _setIdleTimeout: setTimer } = connection as Members;
  if (typeof log === "function") {
    Object.assign(connection, {
      log(this: unknown, level: unknown, ...rest: unknown[]) {
        if (level !== "verbose" || isHeard()) log.call(this, level, ...rest);
      },
    });
  }
  const intervalMs = member(member(member(connection, "options"), "pooling"), "heartBeatInterval");
  // Null while there is none: the connection is closed.
  if (typeof setTimer !== "function" || typeof intervalMs !== "number" || !("_idleTimeout" in connection))
    return;
  const earlyMs = Math.min(EARLY_MS, intervalMs / 10);
  let setAtMs = Number.NEGATIVE_INFINITY;
  Object.assign(connection, {
    _setIdleTimeout(this: { readonly _idleTimeout: unknown }) {
      const now = nowMs();
      if (this._idleTimeout && now - setAtMs < earlyMs) return;
      setAtMs = now;
      setTimer.call(this);
    },
  });
}
