import { useState } from "preact/hooks";
import type { ClusterStatus, Status } from "../pod.ts";
import { conflictOf } from "./conflict.ts";
import { Dialog } from "./dialog.tsx";
import { OrderForm } from "./order-form.tsx";
import { Until } from "./until.tsx";
import { useChange } from "./use-change.ts";

export type GateVerb = "pause" | "resume" | "drain" | "undrain";

/** What each is called, and does. */
export const GATE_VERBS: Readonly<Record<GateVerb, readonly [title: string, about: string]>> = {
  pause: ["Pause", "Nothing is replayed to it. Writes and reads go on as usual."],
  resume: ["Resume", "Replay to it goes on."],
  drain: [
    "Drain",
    "Writes skip it and are queued, reads go to the other cluster, and nothing is replayed to it.",
  ],
  undrain: ["Undrain", "Writes and reads go to it again, and what waits is replayed."],
};

interface GateDialogProps {
  readonly verb: GateVerb;
  readonly cluster: Pick<ClusterStatus, "cluster" | "name">;
  /** As it was when the dialog was opened: what somebody orders afterwards is not undone unseen. */
  readonly status: Pick<Status, "atMs" | "revisions">;
}

export function GateDialog({ verb, cluster: { cluster, name }, status }: GateDialogProps) {
  const [title, about] = GATE_VERBS[verb];
  const change = useChange(`${title} ${name}`);
  const [untilMs, setUntilMs] = useState<number>();
  const conflict = conflictOf(change.refusal, { cluster, nowMs: status.atMs });
  const revision = conflict?.revision ?? status.revisions.gates ?? 0;
  const end = untilMs === undefined ? {} : { untilMs };
  return (
    <Dialog title={`${title} ${name}`}>
      <p>{about}</p>
      <OrderForm
        {...change}
        verb={conflict === undefined ? `${title} ${name}` : `${title} it all the same`}
        problem={conflict?.text}
        onOrder={(order) =>
          void change.send(verb, { params: { cluster }, body: { ...order, ...end, revision } })
        }
      >
        {(verb === "pause" || verb === "drain") && <Until nowMs={status.atMs} onUntil={setUntilMs} />}
      </OrderForm>
    </Dialog>
  );
}
