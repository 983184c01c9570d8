import { useDialogs } from "../actions/dialog.tsx";
import { GATE_VERBS, GateDialog, type GateVerb } from "../actions/gate-dialog.tsx";
import { RateDialog } from "../actions/rate-dialog.tsx";
import { type ClusterStatus, may, type Status, usePod } from "../pod.ts";
import { ClusterMark } from "./cluster-mark.tsx";

/** Each in the sentence that the pod has for it. */
export function Clusters({ status }: { readonly status: Status }) {
  return (
    <div class="clusters">
      {[status.clusters.A, status.clusters.B].map((one) => (
        <article key={one.cluster} class="card" aria-labelledby={`cluster-${one.cluster}`}>
          <header>
            <h3 id={`cluster-${one.cluster}`}>
              {one.name === one.cluster ? `Cluster ${one.name}` : `${one.name} (${one.cluster})`}
            </h3>
            <ClusterMark status={one} />
          </header>
          <p class="sentence">{one.sentence}</p>
          <Orders cluster={one} status={status} />
        </article>
      ))}
    </div>
  );
}

/** What may be ordered of it as it is: a pause takes no drain back. */
const VERBS = {
  open: ["pause", "drain"],
  paused: ["resume", "drain"],
  drained: ["undrain"],
} as const satisfies Record<string, readonly GateVerb[]>;

function Orders({ cluster, status }: { readonly cluster: ClusterStatus; readonly status: Status }) {
  const pod = usePod();
  const { open } = useDialogs();
  const isDisabled = !may(pod, "operate");
  // Of what could not be read nobody knows what may be done.
  const verbs = cluster.gate === undefined ? [] : VERBS[cluster.gate.state];
  return (
    <div class="buttons">
      {verbs.map((verb, index) => (
        // By its place: the button that was pressed stays, and keeps the focus, when what it does is another.
        <button
          key={String(index)}
          type="button"
          disabled={isDisabled}
          aria-describedby={`cluster-${cluster.cluster}`}
          onClick={() => open(<GateDialog verb={verb} cluster={cluster} status={status} />)}
        >
          {GATE_VERBS[verb][0]} …
        </button>
      ))}
      <button
        key="rate"
        type="button"
        disabled={isDisabled || status.revisions.rates === undefined}
        aria-describedby={`cluster-${cluster.cluster}`}
        onClick={() => open(<RateDialog cluster={cluster} status={status} />)}
      >
        Rate …
      </button>
    </div>
  );
}
