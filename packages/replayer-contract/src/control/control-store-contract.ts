import type { Clock } from "@helix/core";
import { clock, func, milliseconds, type OptionsOf, object, readOptions } from "@helix/core/internal";
import { ContractViolation, Mismatch, show } from "../contract-violation.ts";
import { CONTROL_CASES, type ControlCase } from "./control-cases.ts";
import { ControlStage, type ControlStoreUnderTest } from "./control-stage.ts";

/** Facts that switch cases on. */
export interface ControlCapabilities {
  /** Several store objects are one store. Needs `otherPod()`. */
  readonly shared?: boolean | undefined;
  /** It has a connection that can be lost. Needs `cut()`, `heal()` and `otherPod()`. */
  readonly connection?: boolean | undefined;
  /** Bytes that are no document can be stored. Needs `inject(key, bytes)`. */
  readonly injects?: boolean | undefined;
}

export interface ControlContractOptions {
  /** Makes a fresh, empty store; called once for each case, also while other cases run. */
  readonly create: () => Promise<ControlStoreUnderTest>;
  /** @default none */
  readonly capabilities?: ControlCapabilities | undefined;
  /** How long any one thing that must happen may take. Milliseconds, 1 to 2^31 − 1. @default 5_000 */
  readonly timeoutMs?: number | undefined;
  /** What the cases wait by. @default the machine's */
  readonly clock?: Clock | undefined;
}

interface Settings {
  readonly create: () => Promise<ControlStoreUnderTest>;
  readonly capabilities: ControlCapabilities;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const OPTIONS: OptionsOf<Settings> = {
  create: func({ about: "Makes a fresh, empty store and what a case may do to it." }),
  capabilities: object(
    { expectation: "an object with facts" },
    (value) => (value ?? {}) as ControlCapabilities,
  ),
  timeoutMs: milliseconds({ fallback: 5000 }),
  clock,
};

/**
 * What every control store must do, as cases for any test runner. They are independent and may run at the same time.
 *
 * @throws TypeError, RangeError for an option.
 */
export function controlStoreContract(
  options: ControlContractOptions,
): { readonly title: string; run(): Promise<void> }[] {
  const { capabilities = {}, ...others } = options;
  const settings = readOptions<Settings>("controlStoreContract", OPTIONS, { ...others, capabilities });
  return CONTROL_CASES.filter(({ needs }) => needs === undefined || capabilities[needs]).map((one) => ({
    title: one.title,
    run: () => run(one, settings),
  }));
}

async function run({ title, run: runCase }: ControlCase, settings: Settings): Promise<void> {
  const { create, clock: time, timeoutMs } = settings;
  const subject = await create();
  try {
    await runCase(new ControlStage(subject, time, timeoutMs));
  } catch (error) {
    const mismatch =
      error instanceof Mismatch ? error : new Mismatch("all that it calls to work", show(error), error);
    throw new ContractViolation(title, mismatch);
  } finally {
    await subject.dispose();
  }
}
