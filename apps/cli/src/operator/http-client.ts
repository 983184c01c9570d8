import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { type AnswerOf, apiError, ENDPOINTS, type Endpoint, type EndpointName } from "@helix/admin-api";
import { EXIT, Failure, MISTAKES } from "../failures.ts";

/** The pod gives up after 30 s. */
const PATIENCE_MS = 40_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Answers that say that it was typed wrongly, and not that it has failed. */
const MISTAKEN: ReadonlySet<number> = new Set([400, 413, 415, 422]);

export interface HttpClientOptions {
  readonly url: URL;
  readonly token: string;
  /** Of authorities to trust, PEM. @default those of Node */
  readonly ca?: string | undefined;
}

/** What a request takes, as people of TypeScript have it: read by the pod. */
export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: object;
  readonly body?: object;
  /** Of a change: by it a repeat is known. @default a new one */
  readonly key?: string;
}

/** Asks the admin API of a pod, in the words of `@helix/admin-api`. */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Resolves with an answer that is as described. Rejects with Failure for all else. */
  async ask<K extends EndpointName>(name: K, asked: Asked = {}): Promise<AnswerOf<K>> {
    const endpoint: Endpoint = ENDPOINTS[name];
    const { status, text } = await this.#sent(endpoint, asked);
    const json = parsed(text);
    if (status < 200 || status > 299) throw refusalOf(status, json);
    const answer = endpoint.answer.safeParse(json);
    if (answer.success) return answer.data as AnswerOf<K>;
    throw new Failure(
      `The answer of ${this.#options.url.host} is not as described: is it a pod of this version?`,
    );
  }

  /** A change has a key, by which a repeat is known: where the answer is lost, it is asked for once more. */
  async #sent(endpoint: Endpoint, asked: Asked): Promise<{ readonly status: number; readonly text: string }> {
    const key = endpoint.isChange ? { "idempotency-key": asked.key ?? crypto.randomUUID() } : {};
    try {
      return await this.#once(endpoint, asked, key);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ECONNRESET") throw this.#unreached(error, endpoint);
    }
    return this.#once(endpoint, asked, key).catch((error: unknown) => {
      throw this.#unreached(error, endpoint);
    });
  }

  #unreached(error: unknown, { isChange }: Endpoint): Failure {
    const { code, message = "" } = error as { code?: string; message?: string };
    const { origin } = this.#options.url;
    const late = isChange
      ? "what was ordered may be done all the same: look before you order it again"
      : "ask another pod, or NATS itself";
    const text =
      code === "ABORT_ERR"
        ? `${origin} has not answered within ${PATIENCE_MS / 1000} s; ${late}`
        : `${origin} cannot be asked: ${message || code}`;
    return new Failure(text, { code: "HELIX_CLI_UNREACHED" });
  }

  #once(
    { method, path }: Endpoint,
    { params = {}, query = {}, body }: Asked,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { url, token, ca } = this.#options;
    const target = new URL(url);
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    target.pathname = target.pathname.replace(/\/$/, "") + filled;
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const sent = body === undefined ? undefined : JSON.stringify(body);
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
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(ca !== undefined && { ca }),
    };
    return new Promise((resolve, reject) => {
      const request = (target.protocol === "https:" ? secure : plain)(target, options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_BYTES) response.destroy(new Error("the answer is too large"));
          chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      request.on("error", reject);
      request.end(sent);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(status: number, json: unknown): Failure {
  const read = apiError.safeParse(json);
  if (!read.success) return new Failure(`It was answered with ${status}, and not by a pod`);
  const { code, message, issues = [], right } = read.data.error;
  const more = [
    ...issues.map((issue) => `${issue.path}: ${issue.message}`),
    ...(right === undefined ? [] : [`needed: ${right}`]),
  ];
  return new Failure([message, ...more].join("\n"), {
    code,
    exit: MISTAKEN.has(status) || MISTAKES.has(code) ? EXIT.usage : EXIT.failed,
  });
}
