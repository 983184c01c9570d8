import {
  type ControlStore,
  type DeadLetterReason,
  type DeadLetterStore,
  type DocumentListener,
  type ReplayMessage,
  silentLogger,
} from "@helix/core";
import { deadLetterNotFound } from "@helix/core/queue-kit";
import { type JobOrder, JobRunner, type JobRunnerOptions, startJob } from "../../src/index.ts";
import { setUp } from "../rig.ts";

const PERSON = { by: "anna", why: "the column is there again" };

/** Jobs over a queue and a control store in memory; its pods die at a step of theirs, or live. */
export function setUpJobs({
  knowsOrders = false,
  ...options
}: {
  queueCapacity?: number;
  knowsOrders?: boolean;
} = {}) {
  const base = setUp(options);
  const { queue, control, clock, operated } = base;
  const log: { readonly text: string; readonly fields: object }[] = [];
  const logger = { ...silentLogger, warn: (fields: object, text: string) => void log.push({ fields, text }) };
  const runners: JobRunner[] = [];
  const orders = new Map<string, string | undefined>();
  let keys = 0;

  /** So many letters, `p0` to the last. */
  const bury = async (
    count: number,
    {
      from = 0,
      idOf = (n: number) => `p${n}`,
      reason = "rejected",
    }: { from?: number; idOf?: (n: number) => string; reason?: DeadLetterReason } = {},
  ) => {
    for (let n = from; n < from + count; n++) await base.write("B", { id: idOf(n) });
    await settleAll((message) => message.deadLetter({ reason }));
  };

  /** Everything that is in the lane. Resolves with the ids and lives. */
  const settleAll = async (end: (message: ReplayMessage) => Promise<void>) => {
    const ids: string[] = [];
    const pending: Promise<void>[] = [];
    const source = queue.open("high.B", (message) => {
      const { content } = message;
      ids.push(content.ok ? `${content.payload.id}.${content.payload.life}` : "undecodable");
      pending.push(end(message));
    });
    source.demand(10_000);
    await clock.advance(0);
    await Promise.all(pending);
    await source.stop();
    return ids;
  };

  const pod = (podOptions: JobRunnerOptions & { diesAfter?: number; failsAt?: Failing } = {}) => {
    const { diesAfter = Number.POSITIVE_INFINITY, failsAt, ...runnerOptions } = podOptions;
    const life = new Life(diesAfter, failsAt);
    const { deadLetters } = queue;
    const mortal = {
      queue: {
        deadLetters: knowsOrders
          ? over(life.of<DeadLetterStore>(deadLetters), orderly(deadLetters, orders, life))
          : life.of(deadLetters),
      },
      control: life.of<ControlStore>(control),
      audit: operated.audit,
      clock,
    };
    const runner = new JobRunner(mortal as never, { logger, ...runnerOptions });
    runners.push(runner);
    runner.start();
    return { runner, life };
  };

  const order = (more: Partial<JobOrder> = {}) =>
    startJob(operated, {
      verb: "redrive",
      all: more.filter === undefined,
      expect: queue.counts().B.deadLettersKept,
      idempotencyKey: `key-${++keys}`,
      ...PERSON,
      ...more,
    });

  return {
    ...base,
    log,
    bury,
    pod,
    order,
    /** What was put back into the lane, and is taken from there. */
    lane: () => settleAll((message) => message.ack()),
    left: async () => (await queue.deadLetters.list()).map(({ id }) => id),
    settleAll,
    async [Symbol.asyncDispose]() {
      await Promise.all(runners.map((runner) => Promise.race([runner.stop(), clock.advance(60_000)])));
    },
  };
}

/** Steps of a process at which nobody answers. */
interface Failing {
  readonly from: number;
  readonly until: number;
}

/** A process that dies after so many steps: what it calls is done or not, and never answers. */
class Life {
  steps = 0;
  readonly #diesAfter: number;
  readonly #failsAt: Failing | undefined;
  #frozen: Promise<void> | undefined;

  constructor(diesAfter: number, failsAt: Failing | undefined) {
    this.#diesAfter = diesAfter;
    this.#failsAt = failsAt;
  }

  /** It does nothing from now on, until it thaws. */
  freeze(): void {
    this.#frozen = new Promise((resolve) => {
      this.thaw = resolve;
    });
  }

  thaw = () => {};

  get isOver(): boolean {
    return this.steps >= this.#diesAfter;
  }

  async step(): Promise<void> {
    this.steps++;
    await this.#frozen;
    const { from, until } = this.#failsAt ?? { from: 0, until: 0 };
    if (this.steps >= from && this.steps < until) {
      throw Object.assign(new Error("no answer"), { code: "HELIX_QUEUE_TIMEOUT" });
    }
    if (this.isOver) await new Promise<never>(() => {});
  }

  of<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== "function") return value;
        if (name === "watch") return this.#watch.bind(this, value.bind(target));
        if (name === "scan") return this.#scan.bind(this, value.bind(target));
        return async (...args: unknown[]) => {
          await this.step();
          const result: unknown = await value.apply(target, args);
          await this.step();
          return result;
        };
      },
    });
  }

  #watch(watch: ControlStore["watch"], key: string, { onDocument, onFailure }: DocumentListener): Disposable {
    return watch(key, { onDocument: (document) => this.isOver || onDocument(document), onFailure });
  }

  async *#scan(scan: DeadLetterStore["scan"], ...args: Parameters<DeadLetterStore["scan"]>) {
    // As many as a page of a durable queue has: some of them may have gone when their turn comes.
    const page = [];
    for await (const letter of scan(...args)) page.push(letter);
    for (const letter of page) {
      await this.step();
      yield letter;
    }
  }
}

type Ends = Pick<DeadLetterStore, "redrive" | "discard" | "orderOf">;

/** As a durable queue keeps which order has begun to end a letter, before it does. */
function orderly(store: DeadLetterStore, orders: Map<string, string | undefined>, life: Life): Ends {
  const begin = async (id: string, order: string | undefined) => {
    await life.step();
    if ((await store.get(id)) === undefined || (orders.has(id) && orders.get(id) !== order)) {
      throw deadLetterNotFound(id);
    }
    orders.set(id, order);
    await life.step();
  };
  return {
    redrive: async (id, options) => {
      await begin(id, options?.order);
      await life.of(store).redrive(id, options);
    },
    discard: async (id, options) => {
      await begin(id, options?.order);
      await life.of(store).discard(id, options);
    },
    orderOf: async (id) => orders.get(id),
  };
}

function over<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, { get: (_, name) => Reflect.get(name in methods ? methods : target, name) });
}
