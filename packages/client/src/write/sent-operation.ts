import type { Clock, Operation, Statement } from "@helix/core";
import { type Decision, inspect, withDefaultTtl, withValues } from "@helix/safety";
import { valueOfCall } from "./evaluated-values.ts";
import type { Part } from "./parts.ts";

/** How the calls of a statement get their values. */
export interface Calls {
  /** Whether what it calls are functions of the server, and not of the user. */
  readonly isNative: (part: Part) => boolean;
  readonly clock: Clock;
}

/**
 * What goes to both clusters: with a value for each call that would be another one on each of them, and with the TTL that is
 * A's default. The same object where there is nothing of it.
 */
export function sentOperation(
  operation: Operation,
  parts: readonly Part[],
  decisions: readonly Decision[],
  calls: Calls,
): Operation {
  if (!parts.some((part, index) => part.inspection.calls.length > 0 || hasDefaultTtl(decisions[index]))) {
    return operation;
  }
  const nowMs = calls.clock.wallMs();
  const statements = parts.map((part, index) => sentStatement(part, decisions[index], calls, nowMs));
  const [only] = statements;
  if (operation.kind === "statement" && only !== undefined) return { ...operation, ...only };
  return { ...operation, statements } as Operation;
}

export function hasDefaultTtl(decision: Decision | undefined): boolean {
  if (decision !== undefined)
    for (const { ttl } of decision.members) if (ttl?.source === "table") return true;
  return false;
}

function sentStatement(part: Part, decision: Decision | undefined, calls: Calls, nowMs: number): Statement {
  let { query, params, inspection } = part;
  if (inspection.calls.length > 0 && calls.isNative(part)) {
    ({ query, params } = withValues(inspection, params, (call) => valueOfCall(call, nowMs)));
    inspection = inspect(query);
  }
  if (decision === undefined || !hasDefaultTtl(decision)) return { query, params };
  return withDefaultTtl(inspection, decision, params);
}
