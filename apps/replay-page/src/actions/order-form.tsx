import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Refusal } from "../api/refusal.ts";
import { kept } from "../session.ts";
import { useDialogs } from "./dialog.tsx";
import { refusalText } from "./refusal-text.ts";

interface OrderFormProps {
  /** On the button that does it. */
  readonly verb: string;
  readonly isBusy: boolean;
  /** It cannot be ordered yet. */
  readonly isHeld?: boolean | undefined;
  readonly isDangerous?: boolean | undefined;
  readonly refusal: Refusal | undefined;
  /** In place of what the pod has said. */
  readonly problem?: string | undefined;
  readonly onOrder: (order: { readonly by: string; readonly why: string }) => void;
  readonly children?: ComponentChildren;
}

/** Who orders it, and why: every change has both. */
export function OrderForm(props: OrderFormProps) {
  const { verb, isBusy, isHeld = false, isDangerous, refusal, onOrder, children } = props;
  const { close } = useDialogs();
  const [by, setBy] = useState(() => kept("helix-by"));
  const [why, setWhy] = useState("");
  const problem = props.problem ?? (refusal && refusalText(refusal));
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isHeld) onOrder({ by: by.trim(), why: why.trim() });
  };
  return (
    <form onSubmit={submit}>
      {children}
      <label>
        Who
        <input
          name="by"
          autocomplete="username"
          required
          pattern=".*\S.*"
          maxLength={200}
          value={by}
          onInput={({ currentTarget }) => setBy(currentTarget.value)}
        />
      </label>
      <label>
        Why
        <input
          name="why"
          autocomplete="off"
          required
          pattern=".*\S.*"
          maxLength={500}
          value={why}
          onInput={({ currentTarget }) => setWhy(currentTarget.value)}
        />
      </label>
      <div role="alert">{problem !== undefined && <p class="problem">{problem}</p>}</div>
      <div class="buttons">
        <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={isHeld || isBusy}>
          {isBusy ? "Sending …" : verb}
        </button>
        <button type="button" onClick={close}>
          Leave it
        </button>
      </div>
    </form>
  );
}
