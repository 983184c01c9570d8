import type { AnswerOf } from "@helix/admin-api";
import { useState } from "preact/hooks";
import type { Box } from "../address.ts";
import { asRefusal, type Refusal } from "../api/refusal.ts";
import { may, usePod } from "../pod.ts";
import { keep } from "../session.ts";
import { OrderForm } from "./order-form.tsx";

type Values = AnswerOf<"deadLetterValues">;

/** What was bound to a letter's statements, for whoever asks and may. It is here until the dialog is closed. */
export function AskValues({ id, box }: { readonly id: string; readonly box: Box }) {
  const pod = usePod();
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [values, setValues] = useState<Values>();
  const [refusal, setRefusal] = useState<Refusal>();
  const isAllowed = may(pod, "values");
  if (values !== undefined) return <Shown values={values} />;
  if (!isAsked) {
    return (
      <p>
        <button type="button" disabled={!isAllowed} onClick={() => setAsked(true)}>
          Show its values …
        </button>{" "}
        {!isAllowed && <span class="quiet">This token has not the right “values”.</span>}
      </p>
    );
  }
  return (
    <div class="card">
      <p>Values are personal data: it is written down who has seen them, and why.</p>
      <OrderForm
        verb="Show its values"
        isBusy={isBusy}
        refusal={refusal}
        onOrder={(body) => {
          if (isBusy) return;
          setBusy(true);
          setRefusal(undefined);
          keep("helix-by", body.by);
          pod.client
            .ask(box === "dead" ? "deadLetterValues" : "trashedLetterValues", { params: { id }, body })
            .then(setValues, (error: unknown) => setRefusal(asRefusal(error)))
            .finally(() => setBusy(false));
        }}
      />
    </div>
  );
}

function Shown({ values: { statements, raw, error } }: { readonly values: Values }) {
  return (
    <section aria-label="Values">
      {error !== undefined && <p>{error.message}</p>}
      {statements?.map(({ query, params }, index) => (
        <div key={String(index)}>
          <pre>{query}</pre>
          <pre>{JSON.stringify(params, null, 2)}</pre>
        </div>
      ))}
      {raw !== undefined && <pre>{raw}</pre>}
    </section>
  );
}
