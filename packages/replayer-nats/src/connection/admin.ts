import { type HelixError, helixError, isHelixError } from "@helix/core";
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { type ApiErrorMeaning, meaningOf } from "./api-errors.ts";
import { unheardText } from "./inbox.ts";
import type { Link } from "./link.ts";
import { STATUS, statusIn } from "./status.ts";
import {
  bufferOf,
  headerBlockOf,
  type MessageQuery,
  readDirect,
  readStored,
  type StoredMessage,
} from "./stored-message.ts";

const REQUEST_TIMEOUT_MS = 5000;
/** Of what is asked again and again: an answer that does not come at once was lost with a connection. */
const LOOK_TIMEOUT_MS = 2000;
const NO_MESSAGE_FOUND = 10037;

/**
 * Requests to the JetStream API, with failures in our words: HELIX_QUEUE_UNAVAILABLE and HELIX_QUEUE_TIMEOUT, which
 * may pass, HELIX_QUEUE_UNAUTHORIZED and HELIX_QUEUE_REFUSED.
 */
export class Admin {
  readonly #link: Link;
  #manager: { readonly of: unknown; readonly api: JetStreamManager } | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Throws HELIX_QUEUE_UNAVAILABLE while there is no connection: what a server knows must not be guessed. */
  get serverVersion(): string | undefined {
    return this.#link.up.info?.version;
  }

  /** Resolves with undefined where the API says that it does not exist. */
  async find<T>(request: (api: JetStreamManager) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.request(request);
    } catch (error) {
      if (refusalOf(error) === "missing") return undefined;
      throw error;
    }
  }

  /**
   * The message that a query finds, as the leader of the stream has it: another replica may not have the last one yet.
   * Undefined if there is none; without the stream it rejects.
   */
  async message(stream: string, query: MessageQuery): Promise<StoredMessage | undefined> {
    const connection = this.#link.up;
    const subject = `$JS.API.STREAM.MSG.GET.${stream}`;
    try {
      const answer = await connection.request(subject, JSON.stringify(query), {
        timeout: REQUEST_TIMEOUT_MS,
      });
      return readStored(answer.data);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_MESSAGE_FOUND) return undefined;
      throw translated(error, this.#link);
    }
  }

  /**
   * The last message of a subject, as any replica has it, which may be a moment behind: the one request for it that a right can
   * confine to a subject. Undefined if there is none. Rejects with HELIX_QUEUE_UNAVAILABLE where no replica listens, as without the stream.
   */
  async lastDirect(stream: string, subject: string): Promise<StoredMessage | undefined> {
    const connection = this.#link.up;
    try {
      const answer = await connection.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, "", {
        timeout: LOOK_TIMEOUT_MS,
      });
      const read = readDirect(stream, headerBlockOf(answer), bufferOf(answer.data));
      if (read !== undefined) return read.message;
      if (statusIn(answer)?.code === STATUS.noMessages) return undefined;
    } catch (error) {
      throw translated(error, this.#link);
    }
    throw helixError("HELIX_QUEUE_UNAVAILABLE", "JetStream's answer cannot be read", { stored: "no" });
  }

  async request<T>(request: (api: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = this.#link.up;
    try {
      if (this.#manager?.of !== connection) {
        // Without the check, which needs a right of its own.
        const options = { checkAPI: false, timeout: REQUEST_TIMEOUT_MS };
        this.#manager = { of: connection, api: await jetstreamManager(connection, options) };
      }
      return await request(this.#manager.api);
    } catch (error) {
      throw translated(error, this.#link);
    }
  }
}

/** What the server's refusal means; undefined for any other failure. */
export function refusalOf(error: unknown): ApiErrorMeaning | undefined {
  return isHelixError(error, "HELIX_QUEUE_REFUSED") ? meaningOf(error.errorCode, error.message) : undefined;
}

function translated(error: unknown, link: Link): HelixError {
  const options = { cause: error };
  if (isHelixError(error)) return error;
  if (error instanceof JetStreamApiError) {
    const { code: errorCode, message } = error;
    if (meaningOf(errorCode, message) === "passes") {
      const text = `JetStream cannot answer now: ${message} (${errorCode})`;
      return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored: "no" }, options);
    }
    return helixError("HELIX_QUEUE_REFUSED", message, { errorCode, stored: "no" }, options);
  }
  const violation = violationIn(error);
  if (violation !== undefined) {
    const { operation, subject, message } = violation;
    const text = operation === "subscription" ? unheardText(message, link.inboxPrefix) : message;
    return helixError("HELIX_QUEUE_UNAUTHORIZED", text, { operation, subject, stored: "no" }, options);
  }
  if (error instanceof errors.TimeoutError) {
    const text = `The JetStream API did not answer within ${REQUEST_TIMEOUT_MS} ms`;
    return helixError(
      "HELIX_QUEUE_TIMEOUT",
      text,
      { timeoutMs: REQUEST_TIMEOUT_MS, stored: "maybe" },
      options,
    );
  }
  if (!link.isUp) return link.unavailable();
  const text = "No JetStream API answers: it is disabled, or has no leader at this moment";
  return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored: "no" }, options);
}

function violationIn(error: unknown): InstanceType<typeof errors.PermissionViolationError> | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof errors.PermissionViolationError) return at;
  }
  return undefined;
}
