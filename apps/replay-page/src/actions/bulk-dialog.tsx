import type { DeadLetterFilter } from "@helix/core";
import { useEffect, useState } from "preact/hooks";
import { filterText, hasConditions } from "../address.ts";
import { asRefusal } from "../api/refusal.ts";
import { may, usePod } from "../pod.ts";
import { counted, quantity } from "../words.ts";
import { BULK, type BulkVerb, bulkRequest, isCount, isTypedIn, meantBy } from "./bulk.ts";
import { Dialog } from "./dialog.tsx";
import { OrderForm } from "./order-form.tsx";
import { useChange } from "./use-change.ts";

interface BulkDialogProps {
  readonly verb: BulkVerb;
  readonly filter: DeadLetterFilter;
  /** By the pod's clock. */
  readonly nowMs: number;
}

/** They are counted first, and that many are meant: where there are others by then, nothing is begun. */
export function BulkDialog({ verb, filter: given, nowMs }: BulkDialogProps) {
  const pod = usePod();
  const { title, about } = BULK[verb];
  const whole = `${title} ${verb === "restore" ? "discarded letters" : "dead letters"}`;
  const change = useChange(whole);
  const [filter] = useState(() => meantBy(verb, given, nowMs));
  const { count, problem, again } = useCount(verb, filter);
  const [typed, setTyped] = useState("");
  const [isForced, setForced] = useState(false);
  const [perSecond, setPerSecond] = useState("");
  const letters = count === undefined ? "" : counted(count, "letter");
  const hasToType = count !== undefined && isTypedIn(verb, count, isForced);
  const isHeld = count === undefined || count === 0 || (hasToType && !isCount(typed, count));
  const differs = change.refusal?.code === "HELIX_JOB_COUNT_DIFFERS";
  return (
    <Dialog title={whole}>
      <p>{about}</p>
      <p aria-live="polite">
        <strong>{count === undefined ? (problem ?? "Counting …") : letters}</strong>
        {count !== undefined && (hasConditions(filter) ? `: ${filterText(filter)}` : ", all that there are")}
      </p>
      {(differs || problem !== undefined) && (
        <button type="button" onClick={again}>
          Count again
        </button>
      )}
      <OrderForm
        {...change}
        verb={`${title} ${letters}`}
        isHeld={isHeld}
        isDangerous={verb === "discard" || isForced}
        problem={
          differs
            ? `By now there are ${quantity(change.refusal?.count ?? 0)}. Nothing was changed.`
            : undefined
        }
        onOrder={(order) => {
          const { name, body } = bulkRequest({
            ...order,
            verb,
            filter,
            expect: count ?? 0,
            isForced,
            perSecond,
          });
          void change.send(name, { body });
        }}
      >
        {verb === "redrive" && (
          <label>
            At most so many per second
            <input
              type="number"
              name="perSecond"
              min={1}
              max={100_000}
              placeholder="no bound"
              value={perSecond}
              onInput={({ currentTarget }) => setPerSecond(currentTarget.value)}
            />
          </label>
        )}
        {verb === "redrive" && may(pod, "destroy") && (
          <label class="check">
            <input
              type="checkbox"
              name="force"
              checked={isForced}
              onInput={({ currentTarget }) => setForced(currentTarget.checked)}
            />
            By force, also what is too old or whose table is gone: what was deleted since may come back
          </label>
        )}
        {hasToType && (
          <label>
            Type {quantity(count)}, if you mean that many
            <input
              name="typed"
              inputMode="numeric"
              autocomplete="off"
              required
              value={typed}
              onInput={({ currentTarget }) => setTyped(currentTarget.value)}
            />
          </label>
        )}
      </OrderForm>
    </Dialog>
  );
}

/** How many a job would be about. */
function useCount(verb: BulkVerb, filter: DeadLetterFilter) {
  const { client } = usePod();
  const [found, setFound] = useState<{ readonly count?: number; readonly problem?: string }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    const { signal } = left;
    setFound({});
    client.ask("jobCount", { query: { ...filter, verb }, signal }).then(
      ({ count, isExact }) => setFound(isExact ? { count } : { problem: tooMany(count) }),
      (error: unknown) => signal.aborted || setFound({ problem: asRefusal(error).message }),
    );
    return () => left.abort();
  }, [turn]);
  return { ...found, again: () => setTurn(turn + 1) };
}

function tooMany(count: number): string {
  return `At least ${counted(count, "letter")}, more than could be counted: take fewer at once, by more conditions.`;
}
