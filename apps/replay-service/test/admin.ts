import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { createPayload, type DeadLetterCause, type PayloadInput } from "@helix/core";
import { type AuditRecord, loggedAudit, TrafficHistory } from "@helix/operations";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { type AdminServer, startAdminServer } from "../src/admin/admin-server.ts";
import { loadConfig } from "../src/config/load-config.ts";
import type { Page } from "../src/page/page.ts";
import { filesOf, VALID } from "./valid-environment.ts";

/** A token of each right. */
export const TOKENS = {
  read: "read-token-of-at-least-32-characters",
  operate: "operate-token-of-at-least-32-characters",
  destroy: "destroy-token-of-at-least-32-characters",
  values: "values-token-of-at-least-32-characters",
} as const;

export const TOKEN_VARIABLES = {
  HELIX_ADMIN_READ_TOKENS: TOKENS.read,
  HELIX_ADMIN_OPERATE_TOKENS: TOKENS.operate,
  HELIX_ADMIN_DESTROY_TOKENS: TOKENS.destroy,
  HELIX_ADMIN_VALUES_TOKENS: TOKENS.values,
  HELIX_ADMIN_PORT: "0",
};

export interface Asked {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  // What a test looks for in it is its own.
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any endpoint
  readonly body: any;
}

/** The admin API over a queue and a control store in memory, with a clock that the test turns. */
export class AdminRig implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly queue = new MemoryReplayer({ clock: this.clock });
  readonly control: MemoryControlStore;
  readonly history: TrafficHistory;
  readonly records: AuditRecord[] = [];
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  readonly files: Record<string, string>;
  readonly stopping = new AbortController();
  isOpen = true;
  #server: AdminServer | undefined;
  #keys = 0;

  private constructor(files: Record<string, string>, control?: MemoryControlStore) {
    const { clock, queue } = this;
    this.files = files;
    this.control = control ?? new MemoryControlStore({ clock });
    this.history = new TrafficHistory({ queue, control: this.control, clock });
  }

  /** @param shared The control store of another pod. @default one of its own */
  static async start(
    env: Readonly<Record<string, string>> = {},
    files: Record<string, string> = {},
    page?: Page,
    shared?: MemoryControlStore,
  ): Promise<AdminRig> {
    const rig = new AdminRig(files, shared);
    const readFile = (path: string) => filesOf(rig.files)(path);
    const { config } = loadConfig({ ...VALID, ...TOKEN_VARIABLES, ...env }, readFile);
    const log = (level: string) => (fields: object, message: string) =>
      void rig.lines.push({ level, fields, message });
    const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
    const { clock, queue, control } = rig;
    const { maxRatePerSecond: maxRate, runbookUrl } = config.admin;
    const logged = loggedAudit(logger);
    const audit = (record: AuditRecord) => {
      rig.records.push(record);
      logged(record);
    };
    rig.#server = await startAdminServer({
      config: config.admin,
      subject: () =>
        rig.isOpen
          ? { queue, control, clock, audit, maxRate, runbookUrl, traffic: () => rig.history.report() }
          : undefined,
      stopping: rig.stopping.signal,
      readFile,
      page,
      logger,
      clock,
    });
    return rig;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** A request as a program sends it: what has a body is a change, with a key of its own. */
  async ask(
    path: string,
    { method, token = TOKENS.destroy, body, headers = {} }: Asked = {},
  ): Promise<Answered> {
    const change = body !== undefined && {
      "content-type": "application/json",
      "idempotency-key": `key-${++this.#keys}-of-this-test`,
    };
    const sent = request({
      port: this.port,
      path,
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...(token !== "" && { authorization: `Bearer ${token}` }), ...change, ...headers },
      agent: false,
    });
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    sent.end(text);
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      // Whoever is refused unread may find the connection closed while it still sends.
      sent.once("response", resolve).on("error", reject),
    );
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await json(response).catch(() => undefined),
    };
  }

  /** Makes a dead letter. Resolves with its id. */
  async die(input: Partial<PayloadInput> = {}, cause: Partial<DeadLetterCause> = {}): Promise<string> {
    const payload = createPayload({
      targetCluster: "B",
      operation: {
        kind: "statement",
        query: "INSERT INTO shop.users (id, name) VALUES (?, ?)",
        params: ["1", "Alice"],
      },
      tables: ["shop.users"],
      timestampMicros: 1_700_000_000_000_000n,
      writtenAtMs: this.clock.wallMs(),
      enqueuedAtMs: this.clock.wallMs(),
      ...input,
    });
    await this.queue.enqueue(payload);
    await new Promise<void>((resolve, reject) => {
      const lane = `${payload.priority}.${payload.targetCluster}` as const;
      const source = this.queue.open(lane, (message) => {
        message
          .deadLetter({ reason: "rejected", ...cause })
          .then(() => source.stop())
          .then(resolve, reject);
      });
      source.demand(1);
    });
    return `${payload.id}.0`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close();
    await this.queue.close();
  }
}
