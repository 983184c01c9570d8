import type { Status } from "../pod.ts";
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
        </article>
      ))}
    </div>
  );
}
