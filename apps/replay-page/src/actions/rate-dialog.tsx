import { useState } from "preact/hooks";
import type { ClusterStatus, Status } from "../pod.ts";
import { quantity } from "../words.ts";
import { conflictOf } from "./conflict.ts";
import { Dialog } from "./dialog.tsx";
import { OrderForm } from "./order-form.tsx";
import { Until } from "./until.tsx";
import { useChange } from "./use-change.ts";

interface RateDialogProps {
  readonly cluster: Pick<ClusterStatus, "cluster" | "name" | "rate">;
  /** As it was when the dialog was opened. */
  readonly status: Pick<Status, "atMs" | "revisions">;
}

export function RateDialog({ cluster: { cluster, name, rate }, status }: RateDialogProps) {
  const title = `Rate of the replay to ${name}`;
  const change = useChange(title);
  const [perSecond, setPerSecond] = useState(rate === undefined ? "" : String(rate.perSecond));
  const [untilMs, setUntilMs] = useState<number>();
  const [isRemoved, setRemoved] = useState(false);
  const conflict = conflictOf(change.refusal, { cluster, nowMs: status.atMs });
  const revision = conflict?.revision ?? status.revisions.rates ?? 0;
  const bound = { perSecond: Number(perSecond), ...(untilMs !== undefined && { untilMs }) };
  const verb = isRemoved ? "Take the bound away" : "Bound the replay";
  return (
    <Dialog title={title}>
      <p>
        {rate === undefined
          ? "There is no bound now: each pod goes as fast as the cluster takes it."
          : `At most ${quantity(rate.perSecond)}/s now, over all pods together.`}
      </p>
      <OrderForm
        {...change}
        verb={conflict === undefined ? verb : `${verb} all the same`}
        problem={conflict?.text}
        onOrder={(order) =>
          void change.send(isRemoved ? "removeRate" : "setRate", {
            params: { cluster },
            body: { ...order, ...(!isRemoved && bound), revision },
          })
        }
      >
        {rate !== undefined && (
          <label class="check">
            <input
              type="checkbox"
              name="remove"
              checked={isRemoved}
              onInput={({ currentTarget }) => setRemoved(currentTarget.checked)}
            />
            No bound any more
          </label>
        )}
        {!isRemoved && (
          <>
            <label>
              Executions per second, over all pods together
              <input
                type="number"
                name="perSecond"
                min={0.001}
                step="any"
                required
                value={perSecond}
                onInput={({ currentTarget }) => setPerSecond(currentTarget.value)}
              />
            </label>
            <Until nowMs={status.atMs} onUntil={setUntilMs} />
          </>
        )}
      </OrderForm>
    </Dialog>
  );
}
