import type { Operation, Statement } from "@helix/core";
import { type Decision, inspect, withDefaultTtl, withValues } from "@helix/safety";
import { valueOfCall } from "./evaluated-values.ts";
import type { Part } from "./parts.ts";

/**
 * What goes to both clusters: with a value for each call that would be another one on each of them, and with the TTL that is
 * A's default. The same object where there is nothing of it.
 *
 * @param isNative Whether what a part calls are functions of the server, not of the user.
 */
export function sentOperation(
  operation: Operation,
  parts: readonly Part[],
  decisions: readonly Decision[],
  isNative: (part: Part) => boolean,
  nowMs: number,
): Operation {
  let isSame = true;
  const statements = parts.map((part, index) => {
    const sent = sentStatement(part, decisions[index], isNative, nowMs);
    isSame &&= sent === part;
    return sent;
  });
  if (isSame) return operation;
  const stripped = statements.map(({ query, params }) => ({ query, params }));
  const [only] = stripped;
  if (operation.kind === "statement" && only !== undefined) return { ...operation, ...only };
  return { ...operation, statements: stripped } as Operation;
}

function sentStatement(
  part: Part,
  decision: Decision | undefined,
  isNative: (part: Part) => boolean,
  nowMs: number,
): Statement {
  let sent: Statement = part;
  let { inspection } = part;
  if (inspection.calls.length > 0 && isNative(part)) {
    sent = withValues(inspection, sent.params, (call) => valueOfCall(call, nowMs));
    inspection = inspect(sent.query);
  }
  if (decision?.members.some(({ ttl }) => ttl?.source === "table")) {
    sent = withDefaultTtl(inspection, decision, sent.params);
  }
  return sent;
}
