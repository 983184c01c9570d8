import type { AnswerOf, ApiErrorBody, EndpointName } from "@helix/admin-api";
import { Refusal, TOKEN_REFUSED } from "./refusal.ts";

/** Where each request goes: `@helix/admin-api` has the same with its schemas, which are not for a browser. A test compares them. */
export const PATHS = {
  me: "GET v1/me",
  status: "GET v1/status",
  traffic: "GET v1/traffic",
  doctor: "GET v1/doctor",
  pause: "POST v1/gates/{cluster}/pause",
  resume: "POST v1/gates/{cluster}/resume",
  drain: "POST v1/gates/{cluster}/drain",
  undrain: "POST v1/gates/{cluster}/undrain",
  setRate: "POST v1/rates/{cluster}",
  removeRate: "POST v1/rates/{cluster}/remove",
  deadLetters: "GET v1/dead-letters",
  deadLetterGroups: "GET v1/dead-letters/groups",
  deadLetter: "GET v1/dead-letters/{id}",
  deadLetterValues: "POST v1/dead-letters/{id}/values",
  trash: "GET v1/trash",
  trashGroups: "GET v1/trash/groups",
  trashedLetter: "GET v1/trash/{id}",
  trashedLetterValues: "POST v1/trash/{id}/values",
  jobs: "GET v1/jobs",
  jobCount: "GET v1/jobs/count",
  startRedrive: "POST v1/jobs/redrive",
  startForcedRedrive: "POST v1/jobs/forced-redrive",
  startDiscard: "POST v1/jobs/discard",
  startRestore: "POST v1/jobs/restore",
  cancelJob: "POST v1/jobs/{id}/cancel",
} as const satisfies Partial<Record<EndpointName, string>>;

export type Request = keyof typeof PATHS;

/** What has to be in an answer that is looked into, and is a list where it is one here: another server, or version, may answer anything. */
export const PARTS: { readonly [K in Request]?: { readonly [P in keyof AnswerOf<K>]?: object } } = {
  me: { rights: [] },
  status: { clusters: {}, pods: [], warnings: [], revisions: {}, unread: [] },
  traffic: { lanes: [] },
  doctor: { findings: [], unseen: [] },
  deadLetters: { letters: [] },
  deadLetterGroups: { groups: [] },
  deadLetter: { letter: {} },
  trash: { letters: [] },
  trashGroups: { groups: [] },
  trashedLetter: { letter: {} },
  jobs: { jobs: [] },
};

/** What a request takes. */
export interface Asked {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: object | undefined;
  readonly body?: object | undefined;
  /** Of a change: by it a repeat is known, and not made twice. */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const UNEXPECTED = {
  code: "HELIX_PAGE_UNEXPECTED",
  message: "What was answered is not as expected: is the pod of another version than this page?",
};

/** The pod gives up after 30 s. */
const PATIENCE_MS = 35_000;

export interface ClientOptions {
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
  /** The token is not known, or not any more. */
  readonly onStranger: (why: string) => void;
}

/**
 * Asks the pod that serves the page, and nobody else. The token goes in a header, never in an address.
 *
 * untried → (the first answer) known or refused. The first request goes alone, and a token that is refused is not sent again: the pod lets
 * an address wait that has sent ten wrong ones.
 */
export class Client {
  readonly #options: ClientOptions;
  #trial: Promise<unknown> | undefined;
  #isRefused = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Rejects with Refusal; with the signal's reason where that is aborted. */
  async ask<K extends Request>(name: K, asked: Asked = {}): Promise<AnswerOf<K>> {
    if (this.#trial === undefined) {
      const trial = this.#send(name, asked);
      this.#trial = trial;
      return trial;
    }
    await this.#trial.catch(() => {});
    asked.signal?.throwIfAborted();
    if (this.#isRefused) throw new Refusal(401, { code: TOKEN_REFUSED });
    return this.#send(name, asked);
  }

  async #send<K extends Request>(name: K, asked: Asked): Promise<AnswerOf<K>> {
    const { params = {}, query = {}, body, key, signal } = asked;
    const [method = "", path = ""] = PATHS[name].split(" ");
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([condition, value]) =>
        value === undefined ? [] : [[condition, String(value)]],
      ),
    );
    const filled = path.replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(params[param] ?? ""));
    const { token, fetch } = this.#options;
    const patience = AbortSignal.timeout(PATIENCE_MS);
    let status = 0;
    let json: unknown;
    try {
      const response = await fetch(search.size === 0 ? filled : `${filled}?${search}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(key !== undefined && { "idempotency-key": key }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
      status = response.status;
      json = await response.json().catch((error: unknown) => {
        // What is no JSON is not of a pod; what broke off has not been answered.
        if (!(error instanceof SyntaxError)) throw error;
      });
    } catch {
      signal?.throwIfAborted();
      throw new Refusal(0, undefined);
    }
    if (status >= 200 && status <= 299 && isObject(json)) {
      const parts: Readonly<Record<string, object | undefined>> = PARTS[name] ?? {};
      if (Object.entries(parts).every(([part, like]) => isLike(json[part], like))) {
        return json as AnswerOf<K>;
      }
      throw new Refusal(status, UNEXPECTED);
    }
    const refusal = new Refusal(status, (json as Partial<ApiErrorBody> | null | undefined)?.error);
    if (refusal.code === TOKEN_REFUSED && !this.#isRefused) {
      this.#isRefused = true;
      this.#options.onStranger(refusal.message);
    }
    throw refusal;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isLike(value: unknown, like: unknown): boolean {
  return isObject(value) && Array.isArray(value) === Array.isArray(like);
}
