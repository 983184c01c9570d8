import { useState } from "preact/hooks";
import { hour } from "../words.ts";

const SPANS = [
  ["15 min", 15],
  ["1 h", 60],
  ["4 h", 240],
  ["12 h", 720],
  ["24 h", 1_440],
] as const;

interface UntilProps {
  /** By the pod's clock. */
  readonly nowMs: number;
  readonly onUntil: (ms: number | undefined) => void;
}

/** When an order is over. What is sent is the time that was read, and the same however often it is sent. */
export function Until({ nowMs, onUntil }: UntilProps) {
  const [openedMs] = useState(Math.round(nowMs));
  return (
    <label>
      Until
      <select
        name="until"
        onChange={({ currentTarget: { value } }) => onUntil(value === "" ? undefined : Number(value))}
      >
        <option value="">another order</option>
        {SPANS.map(([text, minutes]) => {
          const untilMs = openedMs + minutes * 60_000;
          return (
            <option key={text} value={untilMs}>
              {hour(untilMs, openedMs)}, in {text}
            </option>
          );
        })}
      </select>
    </label>
  );
}
