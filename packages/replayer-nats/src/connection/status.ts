import type { Msg } from "@nats-io/nats-core";

/** Status codes of a pull (NATS ADR-13 and ADR-37). */
export const STATUS = {
  heartbeat: 100,
  noMessages: 404,
  timeout: 408,
  conflict: 409,
  noResponders: 503,
} as const;

/** What the server says of a pull. */
export interface MessageStatus {
  readonly code: number;
  readonly description: string;
  /** How many of its messages did not come, if that is told. */
  readonly unserved: number | undefined;
}

/** Whether it says that there is nothing to pull from. */
export function isMissing({ code, description }: MessageStatus): boolean {
  return code === STATUS.noResponders || /deleted|no responders/i.test(description);
}

/** Whether it says that the next message is larger than what is left of the bytes that were asked for. */
export function isTooLarge({ code, description }: MessageStatus): boolean {
  return code === STATUS.conflict && /exceeds maxbytes/i.test(description);
}

/**
 * Whether it says that a pull with a bound in bytes has all of its messages. In a cluster that overtakes them, which leave the
 * leader when a majority has them.
 */
export function isCompleted({ code, description }: MessageStatus): boolean {
  return code === STATUS.conflict && /batch completed/i.test(description);
}

/** Undefined for what is no status, whoever has sent it: the library refuses headers with odd names by throwing. */
export function statusIn(message: Pick<Msg, "headers">): MessageStatus | undefined {
  try {
    const { headers } = message;
    if (headers === undefined || !(headers.code > 0)) return undefined;
    const unserved = headers.get("Nats-Pending-Messages");
    return {
      code: headers.code,
      description: headers.description,
      unserved: /^\d{1,9}$/.test(unserved) ? Number(unserved) : undefined,
    };
  } catch {
    return undefined;
  }
}
