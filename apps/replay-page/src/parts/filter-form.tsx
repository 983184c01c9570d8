import { DEAD_LETTER_FILTER, type DeadLetterFilter } from "@helix/core";
import type { Option } from "@helix/core/internal";
import { useState } from "preact/hooks";
import { type Box, hashOf } from "../address.ts";
import { CONDITION_WORDS, type Condition, typedFilter, typedText } from "../typed-filter.ts";

const CONDITIONS = Object.entries(DEAD_LETTER_FILTER) as [Condition, Option<unknown>][];

interface FilterFormProps {
  readonly box: Box;
  readonly filter: DeadLetterFilter;
  /** By the pod's clock. */
  readonly nowMs: number;
}

/** Every condition that there is; it ends in the address. */
export function FilterForm({ box, filter, nowMs }: FilterFormProps) {
  const [problem, setProblem] = useState<string>();
  const submit = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const typed = [...new FormData(event.currentTarget)].map(
      ([name, text]) => [name as Condition, String(text).trim()] as const,
    );
    const { filter: read, mistake } = typedFilter(typed, nowMs);
    setProblem(mistake);
    if (mistake === undefined) location.hash = hashOf(box, read);
  };
  return (
    <details>
      <summary>Filter</summary>
      <form class="filter card" onSubmit={submit}>
        {CONDITIONS.map(([name, option]) => (
          <Field key={name} name={name} option={option} value={filter[name]} />
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

interface FieldProps {
  readonly name: Condition;
  readonly option: Option<unknown>;
  readonly value: unknown;
}

function Field({ name, option: { kind, values, about }, value }: FieldProps) {
  const choices = kind === "boolean" ? ["true", "false"] : kind === "choice" ? (values ?? []) : undefined;
  const field = `filter-${name}`;
  const { label, example } = CONDITION_WORDS[name];
  return (
    <div title={about}>
      <label for={field}>{label}</label>
      {choices === undefined ? (
        <input
          id={field}
          name={name}
          autocomplete="off"
          placeholder={example}
          defaultValue={typedText(name, value)}
        />
      ) : (
        <select id={field} name={name}>
          <option value="">any</option>
          {choices.map((choice) => (
            <option key={choice} value={choice} selected={choice === String(value)}>
              {CHOICES[choice] ?? choice}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

const CHOICES: Readonly<Record<string, string>> = { true: "yes", false: "no" };
