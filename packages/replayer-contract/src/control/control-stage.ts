import type { Clock, ControlDocument, ControlReader, ControlStore } from "@helix/core";
import { wait } from "@helix/core/internal";
import { truthy } from "../assertions.ts";

/** A store for one case, with what the case may do to it. */
export interface ControlStoreUnderTest {
  /** Fresh and empty. */
  readonly store: ControlStore;
  /** Ends every store that was made for this case, whatever state it is in. */
  dispose(): Promise<void>;
  /** One more on the same storage, as another process would have it. For `shared`. */
  otherPod?(): Promise<ControlStore>;
  /** Takes the connection of `store` away, so that nothing gets through. For `connection`. */
  cut?(): Promise<void>;
  /** Gives it back. */
  heal?(): Promise<void>;
  /** Stores bytes as they are. For `injects`. */
  inject?(key: string, bytes: Uint8Array): Promise<void>;
}

/** What a watch has told. */
export interface Watched {
  readonly states: (ControlDocument | undefined)[];
  readonly failures: unknown[];
  readonly subscription: Disposable;
}

/** What a case works with. */
export class ControlStage {
  readonly store: ControlStore;
  readonly #subject: ControlStoreUnderTest;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(subject: ControlStoreUnderTest, clock: Clock, timeoutMs: number) {
    this.store = subject.store;
    this.#subject = subject;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  hook<K extends keyof ControlStoreUnderTest>(name: K): NonNullable<ControlStoreUnderTest[K]> {
    const hook = this.#subject[name];
    truthy(hook, `\`create()\` to give \`${name}\``, hook);
    return hook as NonNullable<ControlStoreUnderTest[K]>;
  }

  watch(key: string, store: ControlReader = this.store): Watched {
    const states: (ControlDocument | undefined)[] = [];
    const failures: unknown[] = [];
    const subscription = store.watch(key, {
      onDocument: (document) => states.push(document),
      onFailure: (error) => failures.push(error),
    });
    return { states, failures, subscription };
  }

  /** Until the watch has told this last. */
  async untilTold({ states }: Watched, value: unknown): Promise<void> {
    const isTold = () => states.length > 0 && JSON.stringify(states.at(-1)?.value) === JSON.stringify(value);
    await this.until(isTold, `a watch to tell ${JSON.stringify(value)} last`, () =>
      states.map((state) => state?.value),
    );
  }

  async until(condition: () => boolean, what: string, got: () => unknown): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + this.#timeoutMs;
    while (!condition()) {
      truthy(this.#clock.monotonicMs() < deadlineMs, `${what} within ${this.#timeoutMs} ms`, got());
      await wait(this.#clock, 5);
    }
  }

  /** Longer than a change may take until it is seen. */
  quiet(): Promise<void> {
    return wait(this.#clock, 1_200);
  }
}
