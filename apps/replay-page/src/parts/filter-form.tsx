import { DEAD_LETTER_FILTER, type DeadLetterFilter } from "@helix/core";
import type { Option } from "@helix/core/internal";
import { useState } from "preact/hooks";
import { type Box, filterOf, hashOf } from "../address.ts";

const CONDITIONS = Object.entries(DEAD_LETTER_FILTER) as [keyof DeadLetterFilter, Option<unknown>][];

/** Every condition that there is, with what it means; it ends in the address. */
export function FilterForm({ box, filter }: { readonly box: Box; readonly filter: DeadLetterFilter }) {
  const [problem, setProblem] = useState<string>();
  const submit = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const typed = [...new FormData(event.currentTarget)].filter(([, text]) => text !== "");
    const { filter: read, mistake } = filterOf(typed as [string, string][]);
    setProblem(mistake);
    if (mistake === undefined) location.hash = hashOf(box, read);
  };
  return (
    <details>
      <summary>Filter</summary>
      <form class="filter card" onSubmit={submit}>
        {CONDITIONS.map(([name, option]) => (
          <Condition key={name} name={name} option={option} value={filter[name]} />
        ))}
        <div role="alert">{problem !== undefined && <p class="problem">{problem}</p>}</div>
        <div class="buttons">
          <button type="submit" class="primary">
            Filter
          </button>
        </div>
      </form>
    </details>
  );
}

interface ConditionProps {
  readonly name: string;
  readonly option: Option<unknown>;
  readonly value: unknown;
}

function Condition({ name, option: { kind, values, about }, value }: ConditionProps) {
  const choices = kind === "boolean" ? ["true", "false"] : kind === "choice" ? (values ?? []) : undefined;
  const given = value === undefined ? "" : String(value);
  const field = `filter-${name}`;
  return (
    <div title={about}>
      <label for={field}>{name}</label>
      {choices === undefined ? (
        <input
          id={field}
          name={name}
          autocomplete="off"
          inputMode={kind === "integer" ? "numeric" : undefined}
          defaultValue={given}
        />
      ) : (
        <select id={field} name={name}>
          <option value="">any</option>
          {choices.map((choice) => (
            <option key={choice} value={choice} selected={choice === given}>
              {choice}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
