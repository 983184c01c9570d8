import { request as plain } from "node:http";
import { request as secure } from "node:https";
import {
  type AnswerOf,
  type ApiErrorBody,
  apiError,
  ENDPOINTS,
  type Endpoint,
  type EndpointName,
} from "@helix/admin-api";
import { systemClock } from "@helix/core";
import { wait } from "@helix/core/internal";
import { EXIT, Failure, MISTAKES, UNREACHED } from "../failures.ts";
import { unreachedText } from "./unreached.ts";

/** The pod gives up after 30 s. */
const PATIENCE_MS = 40_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** What stands between here and the pod answers so for a pod that has not. */
const GATEWAY: ReadonlySet<number> = new Set([502, 503, 504]);
const AGAIN_MS = 250;
/** Answers that say that it was typed wrongly, and not that it has failed. */
const MISTAKEN: ReadonlySet<number> = new Set([400, 413, 415, 422]);

export interface HttpClientOptions {
  readonly url: URL;
  readonly token: string;
  /** Of authorities to trust, PEM. @default those of Node */
  readonly ca?: string | undefined;
  /** Whom the certificate names. @default the host of the address */
  readonly serverName?: string | undefined;
}

/** What a request takes, as people of TypeScript have it: read by the pod. */
export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: object;
  readonly body?: object;
  /** Of a change: by it a repeat is known. @default a new one */
  readonly key?: string;
}

interface Answered {
  readonly status: number;
  /** Undefined: it is none. */
  readonly json: unknown;
}

/** Asks the admin API of a pod, in the words of `@helix/admin-api`. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #closed = new AbortController();

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Nobody waits for what is under way: it keeps no process. */
  close(): void {
    this.#closed.abort();
  }

  /** Resolves with an answer that is as described. Rejects with Failure for all else. */
  async ask<K extends EndpointName>(name: K, asked: Asked = {}): Promise<AnswerOf<K>> {
    const endpoint: Endpoint = ENDPOINTS[name];
    const { host } = this.#options.url;
    const { status, json } = await this.#sent(endpoint, asked);
    const error = errorIn(json);
    if (status < 200 || status > 299) {
      if (error !== undefined) throw refusalOf(status, error);
      // What is refused on the way has come to no pod.
      const after = status >= 500 ? doubt(endpoint) : "";
      throw new Failure(`${host} has answered with ${status}, and is no pod${after}`, { code: UNREACHED });
    }
    const answer = endpoint.answer.safeParse(json);
    if (answer.success) return answer.data as AnswerOf<K>;
    throw new Failure(
      `The answer of ${host} is not as described: is it a pod of this version?${doubt(endpoint)}`,
    );
  }

  /**
   * Asks once more where the answer is lost, on the way or by what stands there: a repeat of a change is known by its key, to whatever other pod a
   * load balancer sends it.
   */
  async #sent(endpoint: Endpoint, asked: Asked): Promise<Answered> {
    const key = endpoint.isChange ? { "idempotency-key": asked.key ?? crypto.randomUUID() } : {};
    try {
      const answered = await this.#once(endpoint, asked, key);
      if (!GATEWAY.has(answered.status) || errorIn(answered.json) !== undefined) return answered;
    } catch (error) {
      if (codeOf(error) !== "ECONNRESET") throw this.#unreached(error, endpoint);
    }
    await wait(systemClock, AGAIN_MS);
    return this.#once(endpoint, asked, key).catch((error: unknown) => {
      throw this.#unreached(error, endpoint);
    });
  }

  #unreached(error: unknown, endpoint: Endpoint): Failure {
    const { url } = this.#options;
    const isLate = error instanceof TooLate;
    const why = isLate
      ? `has not answered within ${PATIENCE_MS / 1000} s`
      : `cannot be asked: ${unreachedText(error, url)}`;
    const isLost = isLate || codeOf(error) === "ECONNRESET";
    const next = isLate && !endpoint.isChange ? "; ask another pod, or NATS itself" : "";
    return new Failure(`${url.origin} ${why}${isLost ? doubt(endpoint) : ""}${next}`, { code: UNREACHED });
  }

  #once(
    { method, path }: Endpoint,
    { params = {}, query = {}, body }: Asked,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answered> {
    const { url, token, ca, serverName } = this.#options;
    const target = new URL(url);
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    target.pathname = target.pathname.replace(/\/$/, "") + filled;
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const late = AbortSignal.timeout(PATIENCE_MS);
    const options = {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(sent !== undefined && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(sent),
        }),
      },
      signal: AbortSignal.any([late, this.#closed.signal]),
      ...(ca !== undefined && { ca }),
      ...(serverName !== undefined && { servername: serverName }),
    };
    return new Promise((resolve, reject) => {
      // In the middle of an answer it looks as if the other side had ended it.
      const failed = (error: unknown) => reject(late.aborted ? new TooLate() : error);
      const request = (target.protocol === "https:" ? secure : plain)(target, options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_BYTES) response.destroy(new Error("the answer is too large"));
          chunks.push(chunk);
        });
        response.on("error", failed);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            json: parsed(Buffer.concat(chunks).toString("utf8")),
          }),
        );
      });
      request.on("error", failed);
      request.end(sent);
    });
  }
}

/** Nobody has answered in time. */
class TooLate extends Error {
  override readonly name = "TooLate";
}

function doubt({ isChange }: Endpoint): string {
  return isChange ? "; what was ordered may be done all the same: look before you order it again" : "";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** What a pod has against it; undefined: it is no pod that says so. */
function errorIn(json: unknown): ApiErrorBody["error"] | undefined {
  return apiError.safeParse(json).data?.error;
}

function refusalOf(status: number, { code, message, issues = [], right }: ApiErrorBody["error"]): Failure {
  const more = [
    ...issues.map((issue) => `${issue.path}: ${issue.message}`),
    ...(right === undefined ? [] : [`needed: ${right}`]),
  ];
  return new Failure([message, ...more].join("\n"), {
    code,
    exit: MISTAKEN.has(status) || MISTAKES.has(code) ? EXIT.usage : EXIT.failed,
  });
}
