import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { DialogHost } from "./actions/dialog.tsx";
import { placeIn } from "./address.ts";
import type { Client } from "./api/client.ts";
import { isOver } from "./job-pace.ts";
import { Announcer } from "./parts/announcer.tsx";
import { Boundary } from "./parts/boundary.tsx";
import { Clusters } from "./parts/clusters.tsx";
import { DeadLetters } from "./parts/dead-letters.tsx";
import { Freshness } from "./parts/freshness.tsx";
import { Jobs } from "./parts/jobs.tsx";
import { Lanes } from "./parts/lanes.tsx";
import { Pods } from "./parts/pods.tsx";
import { Rights } from "./parts/rights.tsx";
import { Section } from "./parts/section.tsx";
import { Warnings } from "./parts/warnings.tsx";
import { changed, type Pod, PodContext, usePolled } from "./pod.ts";

interface OverviewProps {
  readonly client: Client;
  readonly onLeave: () => void;
}

/** All that is told of the pods, in the order in which somebody wants to know it. */
export function Overview({ client, onLeave }: OverviewProps) {
  const onChange = useMemo(() => new Set<() => void>(), []);
  const status = usePolled("status", {
    ask: (signal) => client.ask("status", { signal }),
    everyMs: () => 2_000,
    onChange,
  });
  const traffic = usePolled("traffic", {
    ask: (signal) => client.ask("traffic", { signal }),
    everyMs: ({ everyMs }) => everyMs,
    onChange,
  });
  const jobs = usePolled("jobs", {
    ask: (signal) => client.ask("jobs", { query: { limit: 20 }, signal }),
    everyMs: ({ jobs: all }) => (all.every(isOver) ? 10_000 : 2_000),
    onChange,
  });
  const me = usePolled("me", {
    ask: (signal) => client.ask("me", { signal }),
    everyMs: () => 60_000,
    onChange,
  });
  const isSilent = status.failure?.status === 0;
  const pod = useMemo<Pod>(
    () => ({
      client,
      rights: me.value && new Set(me.value.rights),
      runbookUrl: me.value?.runbookUrl,
      isSilent,
      onChange,
    }),
    [client, me.value, isSilent],
  );
  const ended = jobs.value?.jobs.filter(isOver).map(({ id }) => id);
  const known = useRef<string | undefined>(undefined);
  useEffect(() => {
    const now = ended?.join();
    // What ends changes what lies there. What had ended before this was opened does not.
    if (known.current !== undefined && now !== known.current) changed(pod);
    known.current = now ?? known.current;
  }, [ended?.join()]);
  const { value } = status;
  // To group a hundred thousand letters takes the pod a second, in which it answers little else.
  const isAnswered = value !== undefined || status.failure !== undefined;
  const place = usePlace(isAnswered);
  // That it fails is said once, at the top.
  const shown = { value };
  return (
    <PodContext.Provider value={pod}>
      <DialogHost>
        <header class="top">
          <h1>Helix replay</h1>
          <Rights />
          <Freshness seen={status} />
          <button type="button" onClick={onLeave}>
            Forget the token
          </button>
        </header>
        <Boundary what="What has changed" of={value}>
          <Announcer seen={status} />
        </Boundary>
        <main>
          <Section id="clusters" title="Clusters" seen={shown}>
            {value && <Clusters status={value} />}
          </Section>
          <Section id="wrong" title="What is wrong now" seen={shown}>
            {value && <Warnings status={value} />}
          </Section>
          <Section id="lanes" title="Lanes" aside={<Legend />} seen={shown}>
            {value && <Lanes status={value} traffic={traffic.value} />}
          </Section>
          {isAnswered && (
            <Boundary what="Dead letters" of={place}>
              <DeadLetters place={place} nowMs={value?.atMs ?? Date.now()} />
            </Boundary>
          )}
          <Section id="jobs" title="Jobs" seen={jobs}>
            {jobs.value && <Jobs jobs={jobs.value.jobs} nowMs={value?.atMs ?? Date.now()} />}
          </Section>
          <Section id="pods" title="Pods" seen={shown}>
            {value && <Pods status={value} />}
          </Section>
        </main>
      </DialogHost>
    </PodContext.Provider>
  );
}

function Legend() {
  return (
    <p class="legend quiet" aria-hidden="true">
      <span class="in">in</span> <span class="out">out</span>, the last 15 min
    </p>
  );
}

/** What the address asks for. */
function usePlace(isThere: boolean) {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  const place = useMemo(() => placeIn(hash), [hash]);
  useEffect(() => {
    if (isThere && place.isNamed) document.getElementById("letters")?.scrollIntoView();
  }, [place, isThere]);
  return place;
}
