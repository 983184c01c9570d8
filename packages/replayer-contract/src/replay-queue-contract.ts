import type { Clock } from "@helix/core";
import { clock, func, milliseconds, type OptionsOf, object, readOptions } from "@helix/core/internal";
import { type QueueCapabilities, type ReadCapabilities, readCapabilities } from "./capabilities.ts";
import type { CaseDefinition } from "./contract-group.ts";
import { ContractViolation, Mismatch, show } from "./contract-violation.ts";
import { GROUPS } from "./groups/index.ts";
import { checkHooks, type QueueUnderTest } from "./queue-under-test.ts";
import { Stage } from "./stage.ts";

/** A case is over after so many times what one step may take. */
const STEPS = 6;

export interface ContractOptions {
  /** Makes a fresh, empty queue; called once for each case, also while other cases run. */
  readonly create: () => Promise<QueueUnderTest>;
  /** What is true of this queue. */
  readonly capabilities: QueueCapabilities;
  /**
   * How long any one thing that must happen may take, the lease not included; a case may take six times as
   * long. Milliseconds, 1 to 2^31 − 1. @default 5_000
   */
  readonly timeoutMs?: number | undefined;
  /** What the cases wait by. @default the machine's */
  readonly clock?: Clock | undefined;
}

/** One promise that the queue must keep. */
export interface ContractCase {
  /** A sentence, unique in the contract. */
  readonly title: string;
  /** What it is about, for a heading. */
  readonly group: string;
  /**
   * Puts it to the test, with a queue of its own. Rejects with a {@link ContractViolation} if the queue breaks it,
   * with a TypeError if `create()` does not give what the capabilities need, and otherwise with what `create` or
   * `dispose` rejects with.
   */
  run(): Promise<void>;
}

interface Settings {
  readonly create: () => Promise<QueueUnderTest>;
  readonly capabilities: ReadCapabilities;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Every option of the contract. */
export const CONTRACT_OPTIONS: OptionsOf<Settings> = {
  create: func({
    about: "Makes a fresh, empty queue and what a case may do to it; called once for each case.",
  }),
  capabilities: object(
    { expectation: "an object with facts", about: "What is true of the queue, below." },
    (value) => readCapabilities(value as QueueCapabilities | undefined),
  ),
  timeoutMs: milliseconds({
    fallback: 5000,
    about:
      "How long any one thing that must happen may take, the lease not included. A case may take six times as long: set the time limit of your runner above that.",
  }),
  clock: { ...clock, about: "What the cases wait by; with a clock of your own they take no time at all." },
};

/**
 * What every replay queue must do, as cases for any test runner: those that apply to a queue of these
 * capabilities, in a fixed order. They are independent and may run at the same time.
 *
 * @throws TypeError, RangeError for an option or a capability that does not exist or cannot be.
 */
export function replayQueueContract(options: ContractOptions): ContractCase[] {
  const settings = readOptions<Settings>("replayQueueContract", CONTRACT_OPTIONS, options);
  return GROUPS.flatMap(({ name, cases }) =>
    cases
      .filter(({ needs = [] }) => needs.every((need) => settings.capabilities[need]))
      .map((definition) => ({
        title: definition.title,
        group: name,
        run: () => run(definition, settings),
      })),
  );
}

async function run(definition: CaseDefinition, settings: Settings): Promise<void> {
  const { capabilities, timeoutMs, clock } = settings;
  const subject = await settings.create();
  let failure: { readonly error: unknown } | undefined;
  try {
    checkHooks(subject, capabilities);
    const stage = new Stage({ subject, capabilities, timeoutMs, clock });
    await judged(definition, stage);
  } catch (error) {
    failure = { error };
  }
  try {
    await subject.dispose();
  } catch (error) {
    // What the case found matters more than that its queue did not go away.
    failure ??= { error };
  }
  if (failure !== undefined) throw failure.error;
}

/** Runs a case within its time, and gives what fails in it its title. */
async function judged({ title, run }: CaseDefinition, stage: Stage): Promise<void> {
  const limitMs = STEPS * stage.patienceMs;
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = stage.clock.setTimer(
      () => reject(new Mismatch(`an end within ${limitMs} ms`, "something that never settles")),
      limitMs,
    );
  });
  try {
    await Promise.race([run(stage), late]);
  } catch (error) {
    const mismatch =
      error instanceof Mismatch ? error : new Mismatch("all that it calls to work", show(error), error);
    throw new ContractViolation(title, mismatch);
  } finally {
    cancel();
  }
}
