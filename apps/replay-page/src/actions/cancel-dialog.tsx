import type { Job } from "../pod.ts";
import { Dialog } from "./dialog.tsx";
import { OrderForm } from "./order-form.tsx";
import { useChange } from "./use-change.ts";

export function CancelDialog({ job: { id, verb, by, why } }: { readonly job: Job }) {
  const title = `Cancel the ${verb} of ${by}`;
  const change = useChange(title);
  return (
    <Dialog title={title}>
      <p>It was ordered for: {why}</p>
      <p>No letter more is taken up, within a second. What is done stays done.</p>
      <OrderForm
        {...change}
        verb={`Cancel the ${verb}`}
        isDangerous
        onOrder={(body) => void change.send("cancelJob", { params: { id }, body })}
      />
    </Dialog>
  );
}
