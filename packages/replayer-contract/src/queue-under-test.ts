import type { Lane, ReplayQueue } from "@helix/core";
import type { QueueCapabilities } from "./capabilities.ts";

/** A queue for one case, with what the case may do to it. */
export interface QueueUnderTest {
  /** Fresh and empty, with a storage of its own. */
  readonly queue: ReplayQueue;
  /** Closes every queue that was made for this case, whatever state it is in, and removes their storage. */
  dispose(): Promise<void>;
  /** Closes `queue` and opens another one on the same storage. For `durable`. */
  reopen?(): Promise<ReplayQueue>;
  /** As if the process of `queue` had been killed, and another one had begun. For `durable`. */
  crash?(): Promise<ReplayQueue>;
  /** One more queue on the same storage, as another process would have it. For `shared`. */
  otherPod?(): Promise<ReplayQueue>;
  /** Takes the connection of `queue` away, so that nothing gets through. For `connection`. */
  cut?(): Promise<void>;
  /** Gives it back. */
  heal?(): Promise<void>;
  /** Puts bytes into a lane as they are. For `injects`. */
  inject?(lane: Lane, bytes: Uint8Array): Promise<void>;
}

const HOOKS = {
  durable: ["reopen", "crash"],
  shared: ["otherPod"],
  connection: ["cut", "heal"],
  injects: ["inject"],
} as const;

/** @throws TypeError for a capability without what it needs. */
export function checkHooks(subject: QueueUnderTest, capabilities: QueueCapabilities): void {
  for (const [fact, hooks] of Object.entries(HOOKS)) {
    if (!capabilities[fact as keyof typeof HOOKS]) continue;
    for (const hook of hooks) {
      if (typeof subject[hook] !== "function") {
        throw new TypeError(`Expected \`create()\` to give \`${hook}\`, since \`${fact}\` is declared`);
      }
    }
  }
}
