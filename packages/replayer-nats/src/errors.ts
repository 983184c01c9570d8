import type { HelixErrors } from "@helix/core";

/** A setting of the server's that is not what it should be. */
export interface TopologyDifference {
  /** The stream or consumer, such as `stream helix-replay`. */
  readonly object: string;
  /** In the server's own words, such as `max_msgs`. */
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

declare module "@helix/core" {
  interface HelixErrors {
    /** Surely not stored: no connection, or no stream answers. */
    HELIX_QUEUE_UNAVAILABLE: { readonly stored: "no" };
    /** No answer in time: perhaps stored, perhaps not. */
    HELIX_QUEUE_TIMEOUT: { readonly timeoutMs: number; readonly stored: "maybe" };
    /** Too many publishes wait already. Not stored. */
    HELIX_QUEUE_OVERLOADED: { readonly waiting: number; readonly stored: "no" };
    /** The user has not the right to do this. `stored` says whether a payload may be stored all the same. */
    HELIX_QUEUE_UNAUTHORIZED: {
      readonly operation: string;
      readonly subject?: string | undefined;
      readonly stored: "no" | "maybe";
    };
    /** The server refused for a reason of its own, by the error code of its JetStream API. */
    HELIX_QUEUE_REFUSED: { readonly errorCode: number; readonly stored: "no" };
    /** A payload of this id and life was enqueued before, within the server's window. */
    HELIX_PAYLOAD_DUPLICATE: { readonly id: string; readonly life: number };
    /** What is on the server is not what the options say. */
    HELIX_TOPOLOGY_DRIFT: { readonly differences: readonly TopologyDifference[] };
    /** A stream or consumer is missing, and the queue was told to make nothing. */
    HELIX_TOPOLOGY_MISSING: { readonly missing: readonly string[] };
    /** The server cannot reserve what a stream asks for; all streams of the queue ask for `allBytes`, on each of so many servers. */
    HELIX_TOPOLOGY_NO_ROOM: {
      readonly stream: string;
      readonly bytes: number;
      readonly allBytes: number;
      readonly replicas: number;
    };
    /** Nothing, or a message of a lane, is at that place of the stream. */
    HELIX_STRAY_NOT_FOUND: { readonly sequence: number };
    /** A body is sealed with a key that this process does not have (yet); no id: it has no envelope at all. */
    HELIX_ENVELOPE_KEY_UNKNOWN: { readonly keyId?: string | undefined };
    /** A body that will not be readable: changed since it was sealed, or not sealed where it has to be. */
    HELIX_ENVELOPE_UNREADABLE: { readonly keyId?: string | undefined };
    /** A server that is known to lose messages. */
    HELIX_SERVER_UNSUPPORTED: { readonly version: string; readonly minimum: string };
  }
}

/** The codes of this package: a tuple, so that the compiler knows when one is added. */
export type NatsErrorCode = Extract<
  keyof HelixErrors,
  | "HELIX_QUEUE_UNAVAILABLE"
  | "HELIX_QUEUE_TIMEOUT"
  | "HELIX_QUEUE_OVERLOADED"
  | "HELIX_QUEUE_UNAUTHORIZED"
  | "HELIX_QUEUE_REFUSED"
  | "HELIX_PAYLOAD_DUPLICATE"
  | "HELIX_TOPOLOGY_DRIFT"
  | "HELIX_TOPOLOGY_MISSING"
  | "HELIX_TOPOLOGY_NO_ROOM"
  | "HELIX_STRAY_NOT_FOUND"
  | "HELIX_ENVELOPE_KEY_UNKNOWN"
  | "HELIX_ENVELOPE_UNREADABLE"
  | "HELIX_SERVER_UNSUPPORTED"
>;
