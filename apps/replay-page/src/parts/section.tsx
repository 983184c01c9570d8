import type { ComponentChildren } from "preact";
import type { Seen } from "../api/poller.ts";
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

/** One part of the page. What the pod refuses of it is said in it; that the pod does not answer is said once, at the top. */
export function Section({ id, title, aside, seen, children }: SectionProps) {
  const { failure, value } = seen;
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`} tabIndex={-1}>
          {title}
        </h2>
        {aside}
      </header>
      {failure !== undefined && failure.status !== 0 && <p class="problem">{failure.message}</p>}
      {value === undefined && failure === undefined && <p class="quiet">Asking the pod …</p>}
      <Boundary what={title} of={value}>
        {value !== undefined && children}
      </Boundary>
    </section>
  );
}
