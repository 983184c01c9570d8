import { may, usePod } from "../pod.ts";

/** What the token is good for, where that is less than all. */
export function Rights() {
  const pod = usePod();
  if (may(pod, "operate")) return null;
  return (
    <p class="quiet">
      <strong>Read-only</strong>: nothing can be changed with this token
    </p>
  );
}
