import { InvalidArgumentError } from "commander";

// What options take. Each throws InvalidArgumentError, to which commander adds the name of the option.

/** Sizes of stages: `1,10,100`. */
export function sizes(given: string): number[] {
  const read = given.split(",").map((one) => (/^[1-9]\d{0,4}$/.test(one) ? Number(one) : 0));
  if (read.length <= 10 && read.every((one) => one >= 1 && one <= 10_000)) return read;
  throw new InvalidArgumentError("Expected one to ten sizes from 1 to 10000, such as 1,10,100.");
}

export function wholeNumber(min: number, max: number) {
  return (given: string): number => {
    if (/^\d{1,15}$/.test(given) && Number(given) >= min && Number(given) <= max) return Number(given);
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Why somebody orders something. */
export function someText(given: string): string {
  if (given.trim() !== "" && given.length <= 500) return given;
  throw new InvalidArgumentError("Expected 1 to 500 characters.");
}
