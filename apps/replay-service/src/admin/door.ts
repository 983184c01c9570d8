import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Right } from "@helix/admin-api";
import type { Clock, Logger } from "@helix/core";
import type { Page, PageFile } from "../page/page.ts";
import { sendPageFile } from "../page/send-page-file.ts";
import { type ApiRefusal, apiRefusal, sendRefusal } from "./api-refusal.ts";
import { type AllowedNames, isHostAllowed, isOriginAllowed } from "./names.ts";
import type { RefusedAddresses } from "./refused-addresses.ts";
import type { Tokens } from "./tokens.ts";

export const MOST_BODY_BYTES = 64 * 1024;
const MOST_REQUESTS = 10;
const MOST_PER_SECOND = 100;
/** Longer than an answer may take: whoever does not read it gives up its place. */
const MOST_PLACE_MS = 40_000;

export interface DoorOptions {
  readonly tokens: Tokens;
  readonly addresses: RefusedAddresses;
  /** Whom a request comes from. */
  readonly clientAddress: (request: IncomingMessage) => string;
  readonly names: AllowedNames;
  /** What everybody may have, since there is nothing of anybody in it. */
  readonly page?: Page | undefined;
  /** Aborted: no more changes. */
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * In front of every route, those that do not exist among them: who may come in, with what, and how many at once. Nothing of a request that is
 * refused here is read but its head. Until a token is known all are answered alike, whatever they ask for; but for the files of the page, which
 * are answered here, without a place among those that have a token.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #rights = new WeakMap<IncomingMessage, ReadonlySet<Right>>();
  #inside = 0;
  #second = { fromMs: Number.NEGATIVE_INFINITY, requests: 0 };

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** What the token of a request that was let in is good for. */
  rightsOf(request: IncomingMessage): ReadonlySet<Right> {
    return this.#rights.get(request) ?? new Set();
  }

  /** Lets it in, or answers. */
  enter(request: IncomingMessage, response: ServerResponse, letIn: () => void): void {
    const file = this.#fileFor(request);
    const refusal = file ? this.#misnamed(request) : (this.#stranger(request) ?? this.#request(request));
    if (refusal !== undefined) {
      // What it has sent besides is not read.
      response.setHeader("connection", "close");
      sendRefusal(response, refusal);
      return;
    }
    const cancel = this.#options.clock.setTimer(() => request.destroy(), MOST_PLACE_MS);
    response.once("close", cancel);
    if (file !== undefined) {
      sendPageFile(request, response, file);
      return;
    }
    this.#inside++;
    response.once("close", () => {
      this.#inside--;
    });
    letIn();
  }

  #fileFor(request: IncomingMessage): PageFile | undefined {
    const { method, url = "" } = request;
    if ((method !== "GET" && method !== "HEAD") || hasBody(request)) return undefined;
    return this.#options.page?.get(url.split("?", 1)[0] ?? "");
  }

  /** Why nobody may come in by that name, or from that page. */
  #misnamed({ headers: { host = "", origin }, socket }: IncomingMessage): ApiRefusal | undefined {
    const { names } = this.#options;
    if (!isHostAllowed(host, socket.localAddress ?? "", names)) return apiRefusal("HELIX_API_HOST_REFUSED");
    const isSecure = (socket as Partial<TLSSocket>).encrypted === true;
    return isOriginAllowed(origin, { host, isSecure }, names)
      ? undefined
      : apiRefusal("HELIX_API_ORIGIN_REFUSED");
  }

  /** Why whoever it is may not come in. */
  #stranger(request: IncomingMessage): ApiRefusal | undefined {
    const { tokens, addresses, clientAddress, logger } = this.#options;
    const address = clientAddress(request);
    const waitMs = addresses.waitMs(address);
    if (waitMs !== undefined) {
      return apiRefusal("HELIX_API_REFUSED_OFTEN", {}, { "retry-after": String(Math.ceil(waitMs / 1_000)) });
    }
    const misnamed = this.#misnamed(request);
    if (misnamed !== undefined) return misnamed;
    const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const rights = tokens.rightsOf(token);
    if (rights === undefined) {
      addresses.refused(address);
      logger.warn({ address }, "the admin API has refused a token");
      return apiRefusal("HELIX_API_TOKEN_REFUSED", {}, { "www-authenticate": "Bearer" });
    }
    this.#rights.set(request, rights);
    return undefined;
  }

  /** Why a request may not, whoever sends it. */
  #request(request: IncomingMessage): ApiRefusal | undefined {
    const { method = "", url = "", headers } = request;
    // Another form of target is for proxies.
    if (!url.startsWith("/")) return apiRefusal("HELIX_API_PATH_UNKNOWN");
    if (method === "GET" || method === "HEAD") {
      if (hasBody(request))
        return apiRefusal("HELIX_API_REQUEST_INVALID", { message: `A ${method} has no body.` });
    } else {
      if (this.#options.stopping.aborted) return apiRefusal("HELIX_API_STOPPING");
      // Another method has no route, and is told so before its body is read.
      if (method === "POST" && !isJson(headers)) return apiRefusal("HELIX_API_NOT_JSON");
      if (Number(headers["content-length"] ?? 0) > MOST_BODY_BYTES)
        return apiRefusal("HELIX_API_BODY_TOO_LARGE");
    }
    return this.#inside < MOST_REQUESTS && this.#isInTime()
      ? undefined
      : apiRefusal("HELIX_API_BUSY", {}, { "retry-after": "1" });
  }

  /** Counts it, and says whether there were few enough within this second. */
  #isInTime(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#second.fromMs >= 1_000) this.#second = { fromMs: nowMs, requests: 0 };
    return ++this.#second.requests <= MOST_PER_SECOND;
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** A form of a page of somebody else's can send other types without being asked for leave. */
function isJson(headers: IncomingMessage["headers"]): boolean {
  return (
    /^application\/json *(; *charset="?utf-8"? *)?$/i.test(headers["content-type"] ?? "") &&
    headers["content-encoding"] === undefined
  );
}
