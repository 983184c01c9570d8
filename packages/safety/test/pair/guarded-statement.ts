import {
  type Decision,
  decide,
  type EvaluatedFunction,
  inspect,
  type Params,
  type Rewritten,
  replayed,
  type Schema,
  withDefaultTtl,
  withValues,
} from "@helix/safety";

/** A statement as one who keeps to the verdict sends it. */
export interface Guarded {
  readonly decision: Decision;
  /** What is first sent, to both clusters. */
  readonly first: Rewritten;
  /** What is sent so many milliseconds later, to one that missed it, or has it. */
  again(ageMs: number): Rewritten;
}

interface Facts {
  readonly schema: Schema;
  readonly keyspace: string;
}

/** @param makeValue What a function is, when it is called. */
export function guard(
  cql: string,
  params: Params,
  facts: Facts,
  makeValue: (name: EvaluatedFunction) => unknown,
): Guarded {
  const judge = ({ query, params: values }: Rewritten) => {
    const inspection = inspect(query);
    return { inspection, decision: decide(inspection, { ...facts, values }) };
  };
  const asked = judge({ query: cql, params });
  let first: Rewritten = { query: cql, params };
  if (asked.decision.verdict === "evaluate") {
    first = withValues(asked.inspection, params, (call) => makeValue(call.function));
  }
  const evaluated = judge(first);
  if (evaluated.decision.verdict === "ttl") {
    first = withDefaultTtl(evaluated.inspection, evaluated.decision, first.params);
  }
  const sent = judge(first);
  return {
    decision: asked.decision,
    first,
    again: (ageMs) => replayed(sent.inspection, sent.decision, first.params, ageMs),
  };
}
