import {
  type ExecuteFunc,
  outcomeOf,
  type ReplayExecutor,
  type ReplayPayload,
  readingOf,
  summarize,
} from "@helix/core";
import { boundedText, isolate } from "@helix/core/internal";

/** The part of `@opentelemetry/api` that is used: pass the module itself. */
export interface TracingApi {
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: SpanStart): TracedSpan };
    setSpan(context: unknown, span: unknown): unknown;
  };
  readonly context: {
    active(): unknown;
    with(context: unknown, run: () => Promise<void>): Promise<void>;
  };
}

interface SpanStart {
  readonly root: boolean;
  readonly kind: number;
  readonly attributes: Record<string, string | number>;
  readonly links: { context: SpanReference }[];
}

interface SpanReference {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote: boolean;
}

interface TracedSpan {
  setAttribute(name: string, value: string): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

const CONSUMER = 4;
/** Of a batch, that an attribute names. */
const MAX_TABLES = 20;
const ERROR = 2;
/** W3C Trace Context, level 1: what later versions add comes behind it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/;

/**
 * The same executor, each execution in a span of its own: a trace of its own, since it may be hours later,
 * with a link to the span of the write where the payload has its `traceparent`. What the driver traces
 * becomes its child. No statement, parameter or error text is in it.
 *
 * @param api The module `@opentelemetry/api`; without a tracer provider its spans cost next to nothing.
 */
export function tracedExecutor(executor: ReplayExecutor | ExecuteFunc, api: TracingApi): ReplayExecutor {
  const inner = typeof executor === "function" ? { execute: executor } : executor;
  const tracer = api.trace.getTracer("@helix/worker");
  const read = (error: unknown) => inner.read?.(error) ?? readingOf(error);
  const execute: ExecuteFunc = async (payload, options) => {
    let execution: Promise<void> | undefined;
    // Once, whatever becomes of the trace.
    const run = () => {
      execution ??= (async () => inner.execute(payload, options))();
      return execution;
    };
    let span: TracedSpan | undefined;
    quietly(() => {
      span = tracer.startSpan("helix replay", {
        root: true,
        kind: CONSUMER,
        attributes: attributesOf(payload),
        links: linksOf(payload),
      });
      return api.context.with(api.trace.setSpan(api.context.active(), span), run);
    });
    try {
      await run();
      quietly(() => span?.setAttribute("helix.outcome", "applied"));
    } catch (error) {
      quietly(() => span?.setAttribute("helix.outcome", outcomeOf(read(error))));
      quietly(() => span?.setStatus({ code: ERROR }));
      throw error;
    } finally {
      quietly(() => span?.end());
    }
  };
  return {
    execute,
    read,
    // Absent where it is absent: a worker treats an executor that cannot be asked in another way.
    ...(inner.probe && { probe: (cluster, options) => inner.probe?.(cluster, options) ?? Promise.resolve() }),
    ...(inner.shortestGrace && {
      shortestGrace: async (cluster, options) => inner.shortestGrace?.(cluster, options),
    }),
    ...(inner.onAvailable && { onAvailable: (listener) => inner.onAvailable?.(listener) ?? (() => {}) }),
    ...(inner.compareWith && { compareWith: (identities) => inner.compareWith?.(identities) }),
  };
}

function attributesOf(payload: ReplayPayload): SpanStart["attributes"] {
  const { id, life, cluster, priority, tables } = summarize(payload);
  return {
    "db.system.name": "cassandra",
    "db.collection.name": boundedText(tables.slice(0, MAX_TABLES).join(",")),
    "helix.id": id,
    "helix.life": life,
    "helix.cluster": cluster,
    "helix.priority": priority,
  };
}

/** The span of the write. One that is not valid by the specification is left out. */
function linksOf({ traceparent }: ReplayPayload): SpanStart["links"] {
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return [];
  return [{ context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true } }];
}

/** A trace must not change what becomes of a message. */
function quietly(trace: () => unknown): void {
  isolate(trace, () => {});
}
