import { expected } from "@helix/core/internal";

/** The part of `@opentelemetry/api` that is used: pass the module itself. */
export interface TraceContextApi {
  readonly trace: { getSpanContext(context: unknown): SpanContext | undefined };
  readonly context: { active(): unknown };
}

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** @throws TypeError naming option, expectation and value. */
export function readTraceContextApi(value: unknown, name: string): TraceContextApi {
  const { trace, context } = (value ?? {}) as {
    trace?: Partial<TraceContextApi["trace"]> | null;
    context?: Partial<TraceContextApi["context"]> | null;
  };
  if (typeof trace?.getSpanContext === "function" && typeof context?.active === "function") {
    return value as TraceContextApi;
  }
  throw new TypeError(expected(name, "the module `@opentelemetry/api`", value));
}

/**
 * The active span as a `traceparent` of W3C Trace Context, level 1; undefined where none is active. Never throws:
 * a trace must not change what becomes of a write.
 */
export function activeTraceparent(api: TraceContextApi | undefined): string | undefined {
  if (api === undefined) return undefined;
  try {
    const span = api.trace.getSpanContext(api.context.active());
    if (span === undefined || !TRACE_ID.test(span.traceId) || !SPAN_ID.test(span.spanId)) return undefined;
    const flags = (span.traceFlags & 0xff).toString(16).padStart(2, "0");
    return `00-${span.traceId}-${span.spanId}-${flags}`;
  } catch {
    return undefined;
  }
}
