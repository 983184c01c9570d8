import type { ComponentChildren } from "preact";

export type Tone = "good" | "warning" | "bad" | "quiet";

const SIGNS: Readonly<Record<Tone, string>> = { good: "✓", warning: "!", bad: "✕", quiet: "·" };

/** A state as a word, with a sign and a colour: each tells the same. */
export function Mark({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`mark ${tone}`}>
      <span aria-hidden="true">{SIGNS[tone]}</span>
      {children}
    </span>
  );
}
