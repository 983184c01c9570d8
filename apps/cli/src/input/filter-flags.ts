import { DEAD_LETTER_FILTER, type DeadLetterFilter } from "@helix/core";
import { type Option as Declared, spanOf, timeGoneBy } from "@helix/core/internal";
import { type Command, Option } from "commander";
import { UsageError } from "../failures.ts";

type Condition = keyof DeadLetterFilter;

interface FilterFlag {
  readonly condition: Condition;
  readonly option: Option;
  /** Undefined: it is none of what is expected. */
  readonly read: (given: string, nowMs: number) => unknown;
  readonly expectation: string;
}

/** `--reason` is why somebody orders something. */
const NAMES: Partial<Record<Condition, string>> = { ids: "id", reason: "cause" };
const SPANS = new Set<Condition>(["olderThanMs", "youngerThanMs"]);

/** The conditions of a filter, as the packages declare them. */
const FLAGS: readonly FilterFlag[] = (
  Object.entries(DEAD_LETTER_FILTER) as [Condition, Declared<unknown>][]
).map(([condition, declared]) => flagOf(condition, declared));

function flagOf(condition: Condition, { kind, about, values }: Declared<unknown>): FilterFlag {
  const name =
    NAMES[condition] ?? condition.replace(/Ms$/, "").replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
  const text = about
    .replace(/: milliseconds since 1970\.$/, ".")
    .replace(", or, `false`,", "")
    .replace("; or, `false`, died for the first time", "");
  const flag = (takes: string) => new Option(`--${name} ${takes}`.trim(), text);
  switch (kind) {
    case "boolean":
      return { condition, option: flag(""), read: (given) => given, expectation: "" };
    case "choice":
      return {
        condition,
        option: flag(`<${name}>`).choices(values ?? []),
        read: (given) => given,
        expectation: "",
      };
    case "list":
      return { condition, option: flag("<id...>"), read: (given) => given, expectation: "" };
    case "integer":
      return SPANS.has(condition)
        ? {
            condition,
            option: flag("<span>"),
            read: spanOf,
            expectation: "a span such as 90s, 15m, 2h or 7d",
          }
        : {
            condition,
            option: flag("<time>"),
            read: timeGoneBy,
            expectation: "a time such as 2h (ago), 14:00Z or 2026-11-29T14:00Z",
          };
    default:
      return { condition, option: flag("<text>"), read: (given) => given, expectation: "" };
  }
}

export function addFilter(command: Command): Command {
  for (const { option } of FLAGS) {
    command.addOption(option);
    if (option.isBoolean()) {
      command.addOption(new Option(`--no-${option.name()}`, "It died for the first time."));
    }
  }
  return command;
}

/** What was given of a filter. @throws UsageError. */
export function filterIn(given: Readonly<Record<string, unknown>>, nowMs: number): DeadLetterFilter {
  const filter: Record<string, unknown> = {};
  for (const { condition, option, read, expectation } of FLAGS) {
    const value = given[option.attributeName()];
    if (value === undefined) continue;
    const accepted = read(value as string, nowMs);
    if (accepted === undefined) {
      throw new UsageError(`Expected ${option.long} to be ${expectation}, got ${JSON.stringify(value)}`);
    }
    filter[condition] = accepted;
  }
  return filter as DeadLetterFilter;
}

/** The same as somebody types it, for what to type next. */
export function typedFilter(given: Readonly<Record<string, unknown>>): string {
  return FLAGS.flatMap(({ option }) => {
    const value = given[option.attributeName()];
    if (value === undefined) return [];
    if (value === true) return [` ${option.long}`];
    if (value === false) return [` --no-${option.name()}`];
    return [
      ` ${option.long} ${[value]
        .flat()
        .map((one) => quoted(String(one)))
        .join(" ")}`,
    ];
  }).join("");
}

/** For a shell. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_.,:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
