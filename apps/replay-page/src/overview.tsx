import { useMemo } from "preact/hooks";
import type { Client } from "./api/client.ts";
import { Clusters } from "./parts/clusters.tsx";
import { Freshness } from "./parts/freshness.tsx";
import { Lanes } from "./parts/lanes.tsx";
import { Section } from "./parts/section.tsx";
import { type Pod, PodContext, usePolled } from "./pod.ts";

interface OverviewProps {
  readonly client: Client;
  readonly onLeave: () => void;
}

/** All that is told of the pods, in the order in which somebody wants to know it. */
export function Overview({ client, onLeave }: OverviewProps) {
  const onChange = useMemo(() => new Set<() => void>(), []);
  const seen = usePolled("status", {
    ask: (signal) => client.ask("status", { signal }),
    everyMs: () => 2_000,
    onChange,
  });
  const pod: Pod = { client, rights: undefined, runbookUrl: undefined, onChange };
  const status = seen.value;
  return (
    <PodContext.Provider value={pod}>
      <header class="top">
        <h1>Helix replay</h1>
        <Freshness seen={seen} />
        <button type="button" onClick={onLeave}>
          Forget the token
        </button>
      </header>
      <main>
        <Section id="clusters" title="Clusters" seen={seen}>
          {status && <Clusters status={status} />}
        </Section>
        <Section id="lanes" title="Lanes" seen={seen}>
          {status && <Lanes status={status} />}
        </Section>
      </main>
    </PodContext.Provider>
  );
}
