import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnswerOf, ENDPOINTS, type EndpointName } from "@helix/admin-api";
import { createPayload, type PayloadInput } from "@helix/core";
import { connectNatsEnqueuer, ensureTopology, type NatsEnqueuer } from "@helix/replayer-nats";
import {
  type CassandraPairInfo,
  createTestKeyspace,
  type FaultProxy,
  freePorts,
  onBoth,
  startFaultProxy,
  waitFor,
} from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { build } from "tsdown";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { TOKEN_VARIABLES, TOKENS } from "../admin.ts";
import { MAIN, ServiceProcess } from "../service-process.ts";
import { environmentOf } from "../valid-environment.ts";
import { launchChromium } from "./chromium.ts";

const KEYSPACE = "page_test";
const PATIENCE_MS = 30_000;

interface Screen {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** Of the token that is typed in. @default destroy */
  readonly right?: keyof typeof TOKENS | undefined;
  /** @default the pod's own */
  readonly url?: string;
  /** What comes after `#` in the address. */
  readonly hash?: string;
  /** Its time can be turned ahead by `page.clock`. @default false */
  readonly isTimeOurs?: boolean;
}

interface Writes extends Partial<PayloadInput> {
  /** Of so many the id is no number. */
  readonly poisonous?: number;
  /** As CQL has it. @default users */
  readonly table?: string;
}

/** A pod as a process, over real NATS and two real clusters, of which B can be taken away; and browsers that look at its page. */
export class PageRig implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly B: FaultProxy;
  readonly url: string;
  /** What a browser has complained about since it was asked last, such as a policy that is broken. */
  readonly complaints: string[] = [];
  pod: ServiceProcess;
  readonly #stack = new AsyncDisposableStack();
  readonly #browser: Browser;
  readonly #application: NatsEnqueuer;
  readonly #env: Readonly<Record<string, string>>;
  readonly #tokens: string;
  #written = 0;

  private constructor(parts: {
    readonly nats: NatsServer;
    readonly B: FaultProxy;
    readonly browser: Browser;
    readonly application: NatsEnqueuer;
    readonly env: Readonly<Record<string, string>>;
    readonly tokens: string;
    readonly url: string;
  }) {
    this.#browser = parts.browser;
    this.#application = parts.application;
    this.#env = parts.env;
    this.#tokens = parts.tokens;
    this.nats = parts.nats;
    this.B = parts.B;
    this.url = parts.url;
    this.pod = new ServiceProcess(MAIN, this.#env);
  }

  /** Builds the page, which a pod from source serves. */
  static async start(pair: CassandraPairInfo): Promise<PageRig> {
    // What has been started goes where the rest does not come up.
    await using stack = new AsyncDisposableStack();
    const [nats, B, browser, [port = 0]] = await Promise.all([
      startNatsServer({ killable: true }),
      startFaultProxy({ target: pair.B }),
      launchChromium(),
      freePorts(1),
      build({ cwd: fileURLToPath(new URL("../../../replay-page", import.meta.url)), logLevel: "silent" }),
      createTestKeyspace(pair, KEYSPACE),
    ]);
    stack.defer(() => nats.stop());
    stack.use(B);
    stack.defer(() => browser.close());
    await onBoth(pair, (driver) =>
      driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.users (id int PRIMARY KEY, name text)`),
    );
    const connect = { servers: nats.url };
    await ensureTopology({ connect });
    const application = stack.use(await connectNatsEnqueuer({ connect }));
    const tokens = join(tmpdir(), `helix-tokens-${randomUUID()}`);
    await writeFile(tokens, TOKENS.read);
    const { HELIX_ADMIN_READ_TOKENS: _, ...others } = TOKEN_VARIABLES;
    const env = environmentOf(
      { A: pair.A, B },
      {
        HELIX_NATS_SERVERS: nats.url,
        ...others,
        HELIX_ADMIN_READ_TOKENS_FILE: tokens,
        HELIX_ADMIN_PORT: String(port),
      },
    );
    const url = `http://127.0.0.1:${port}/`;
    const rig = new PageRig({ nats, B, browser, application, env, tokens, url });
    stack.defer(() => rm(tokens));
    stack.defer(() => rig.pod[Symbol.asyncDispose]());
    await rig.pod.ready();
    rig.#stack.use(stack.move());
    return rig;
  }

  /** Opens the page, and types the token in. */
  async open(screen: Screen = {}) {
    const { width = 1440, height = 900, colorScheme = "light", right = "destroy", hash = "" } = screen;
    const context = await this.#browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // What is not answered with 2xx is logged by the browser as well.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(message.text());
      }
    });
    if (screen.isTimeOurs) await page.clock.install();
    await page.goto((screen.url ?? this.url) + hash);
    await signIn(page, TOKENS[right]);
    return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
  }

  /** Instead of those that there are. The pod sees it within a second. */
  setReadTokens(text: string): Promise<void> {
    return writeFile(this.#tokens, text);
  }

  /** Of the admin API, with all rights but `values`. */
  async ask<K extends EndpointName>(
    name: K,
    {
      params = {},
      query = {},
      body,
    }: { params?: Record<string, string>; query?: object; body?: object } = {},
  ): Promise<AnswerOf<K>> {
    const { method, path } = ENDPOINTS[name];
    const filled = path.slice(1).replace(/\{(\w+)\}/g, (_, param: string) => params[param] ?? "");
    const search = new URLSearchParams(query as Record<string, string>);
    const response = await fetch(`${this.url}${filled}?${search}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKENS.destroy}`,
        ...(body && { "content-type": "application/json", "idempotency-key": randomUUID() }),
      },
      body: body ? JSON.stringify(body) : null,
    });
    const json = (await response.json()) as AnswerOf<K>;
    if (!response.ok) throw new Error(`${name}: ${JSON.stringify(json)}`);
    return json;
  }

  /** Queues writes that B has missed. */
  async write(count: number, { poisonous = 0, table = "users", ...more }: Writes = {}) {
    const payloads = Array.from({ length: count }, (_, n) => {
      const id = this.#written++;
      return createPayload({
        id: `w${id}`,
        targetCluster: "B",
        operation: {
          kind: "statement",
          query: `INSERT INTO ${KEYSPACE}.${table} (id, name) VALUES (?, ?)`,
          params: [n < poisonous ? "none" : id, "canary"],
        },
        timestampMicros: 1n,
        ...more,
      });
    });
    const next = payloads.values();
    const one = async () => {
      for (const payload of next) await this.#application.enqueue(payload);
    };
    await Promise.all(Array.from({ length: 256 }, one));
  }

  /** Makes dead letters of writes, by an order of the application. Resolves when there are so many more. */
  async die(count: number, more: Writes = {}): Promise<void> {
    const before = await this.dead();
    await this.write(count, { disposition: "hold", ...more });
    await waitFor(async () => (await this.dead()) === before + count, {
      timeoutMs: 600_000,
      // To count a hundred thousand takes half a second of the pod.
      intervalMs: count > 5_000 ? 2_000 : 100,
      describe: "all of them are dead",
    });
  }

  async dead(): Promise<number> {
    // To count them may take longer than is given to a count, where others are at work.
    const { groups } = await this.ask("deadLetterGroups");
    return groups.reduce((sum, { count }) => sum + count, 0);
  }

  /** Ends what the tests before have left: no order, no job that still moves letters, no dead letter. */
  async clear(): Promise<void> {
    await waitFor(
      async () => (await this.ask("jobs")).jobs.every(({ endedAtMs }) => endedAtMs !== undefined),
      {
        timeoutMs: PATIENCE_MS,
        describe: "all jobs are over",
      },
    );
    const { clusters, revisions } = await this.ask("status");
    const by = { by: "the next test", why: "it begins anew" };
    let revision = revisions.gates ?? 0;
    for (const cluster of ["A", "B"] as const) {
      const state = clusters[cluster].gate?.state;
      if (state === "open") continue;
      const verb = state === "paused" ? "resume" : "undrain";
      ({ revision } = await this.ask(verb, { params: { cluster }, body: { ...by, revision } }));
    }
    const expected = await this.dead();
    if (expected > 0) {
      await this.ask("startDiscard", { body: { ...by, all: true, expect: expected } });
      await waitFor(async () => (await this.dead()) === 0, {
        // About a thousand are discarded a second, at the least.
        timeoutMs: Math.max(PATIENCE_MS, expected),
        describe: "none are left",
      });
    }
    this.complaints.length = 0;
  }

  /** `kill -9`, and another one at the same address. */
  async restart(while_: () => Promise<void>): Promise<void> {
    this.pod.signal("SIGKILL");
    await this.pod.ended;
    await while_();
    this.pod = new ServiceProcess(MAIN, this.#env);
    await this.pod.ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token of the admin API").fill(token);
  await page.keyboard.press("Enter");
}

/** What axe finds, by rule and element. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)))`,
  );
}

/** What sticks out of a page that must not be scrolled sideways. */
export function sidewaysOf(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > clientWidth);
    return wide.map((one) => one.outerHTML.slice(0, 100));
  })()`);
}

/** What cannot be collected of a page. */
export async function heldBy(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  await devtools.detach();
  return { nodes, listeners: jsEventListeners, bytes: usedSize };
}

/** Starts one for all tests of a file, and clears it after each: a test that has made the pod complain fails. */
export function usePageRig(take: (rig: PageRig) => void): void {
  let rig: PageRig;
  beforeAll(async () => {
    rig = await PageRig.start(inject("cassandra"));
    take(rig);
  }, 180_000);
  afterAll(() => rig?.[Symbol.asyncDispose]());
  afterEach(async () => {
    expect(rig.complaints).toEqual([]);
    await rig.clear();
  });
}
