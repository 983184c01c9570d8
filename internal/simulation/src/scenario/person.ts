import type { World } from "../world/world.ts";

/** Sees what does not come to rest by itself, since only a person can help. */
export class Person {
  readonly #world: World;
  /** The write of each message that was enqueued, and has not left its lane. */
  readonly #pending = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
    world.tape.listen((event) => {
      if (event.kind === "enqueue" && event.result === "yes")
        this.#pending.set(event.message, event.identity);
      if (event.kind === "redrive") this.#pending.set(event.to, event.identity);
      if (event.kind === "removed") this.#pending.delete(event.message);
    });
  }

  /**
   * The dead letters are full; or, where it takes too long, a lane is full of what its consumer owes nobody, a pod's clock is so
   * wrong that nothing expires by it, or all that is pending is poison which nothing proves, in a queue that keeps it.
   */
  async isNeeded(isOverdue: boolean): Promise<boolean> {
    const { scenario, writes } = this.#world;
    const { deadLetterCapacity } = scenario;
    const mayBeFull = deadLetterCapacity < scenario.writes.length;
    if (mayBeFull && (await this.#world.letters.list()).length >= deadLetterCapacity) return true;
    if (isOverdue && this.#world.nats?.isStuck === true) return true;
    if (!isOverdue || this.#pending.size === 0) return false;
    if (scenario.mode === "service") return scenario.queue === "nats" && this.#world.isAClockWrong;
    const poison = new Set(
      writes
        .filter(({ poison: its }) => its?.how === "timeout" || its?.how === "hang")
        .map(({ identity }) => identity),
    );
    return [...this.#pending.values()].every((identity) => poison.has(identity));
  }
}
