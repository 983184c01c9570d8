import type { ComponentChildren } from "preact";
import type { Seen } from "../api/poller.ts";
import { usePod } from "../pod.ts";
import { Boundary } from "./boundary.tsx";

interface SectionProps {
  readonly id: string;
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
  /** What it shows. */
  readonly seen: Seen<unknown>;
  readonly children: ComponentChildren;
}

/** One part of the page. What the pod refuses of it, or does not answer, is said in it; that the pod answers nothing is said once, at the top. */
export function Section({ id, title, aside, seen, children }: SectionProps) {
  const { failure, value } = seen;
  const { isSilent } = usePod();
  const isOwn = failure !== undefined && !(isSilent && failure.status === 0);
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`} tabIndex={-1}>
          {title}
        </h2>
        {aside}
      </header>
      {isOwn && (
        <p class="problem">
          {failure.message}
          {value !== undefined && " What is shown is from before."}
        </p>
      )}
      {value === undefined && failure === undefined && <p class="quiet">Asking the pod …</p>}
      <Boundary what={title} of={value}>
        {value !== undefined && children}
      </Boundary>
    </section>
  );
}
