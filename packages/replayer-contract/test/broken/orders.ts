import type { OrderedOptions } from "@helix/core";
import { ModelDeadLetters } from "../model/model-dead-letters.ts";
import { ModelStore } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";
import { reading } from "./dead-letters.ts";

const LAST = "tells by whose order a letter was ended last, and nobody's where nobody is named";
const TRASH = "tells by whose order a letter left the trash, apart from by whose it came there";
const ONE = "lets one of two orders end a letter, and tells every process which of them it was";
const KILLED = "tells by whose order a letter was ended though its process has been killed";

export const BROKEN_ORDERS: readonly BrokenAdapter[] = [
  {
    wrong: "forgets by whose order a letter was ended",
    Store: class extends ModelStore {
      override ordered(): void {}
    },
    caughtBy: [LAST, TRASH, ONE, KILLED],
  },
  {
    wrong: "takes the first order that a letter was ended by for the last",
    Store: class extends ModelStore {
      override ordered(name: string, options: OrderedOptions): void {
        if (!this.orders.has(name)) super.ordered(name, options);
      }
    },
    caughtBy: [LAST, TRASH],
  },
  {
    wrong: "takes what nobody has ordered for the order before",
    Store: class extends ModelStore {
      override ordered(name: string, options: OrderedOptions): void {
        if (options.order !== undefined) super.ordered(name, options);
      }
    },
    caughtBy: [LAST],
  },
  {
    wrong: "does not tell the orders in the trash from those of the dead letters",
    Store: class extends ModelStore {
      override ordered(name: string, options: OrderedOptions): void {
        const id = name.replace(/^trash\./, "");
        super.ordered(id, options);
        super.ordered(`trash.${id}`, options);
      }
    },
    caughtBy: [TRASH],
  },
  {
    wrong: "takes whoever wanted to end a letter for who has ended it",
    Queue: reading(
      class extends ModelDeadLetters {
        override async redrive(id: string, options: OrderedOptions = {}): Promise<void> {
          await this.queue.reach(() => this.queue.store.ordered(id, options));
          await super.redrive(id, options);
        }
      },
    ),
    caughtBy: [ONE],
  },
  {
    wrong: "remembers its own orders only",
    Queue: reading(
      class extends ModelDeadLetters {
        readonly mine = new Set<string>();

        override async redrive(id: string, options?: OrderedOptions): Promise<void> {
          await super.redrive(id, options);
          this.mine.add(id);
        }

        override async discard(id: string, options?: OrderedOptions): Promise<void> {
          await super.discard(id, options);
          this.mine.add(id);
        }

        override async orderOf(id: string): Promise<string | undefined> {
          return this.mine.has(id) ? super.orderOf(id) : undefined;
        }
      },
    ),
    caughtBy: [ONE, KILLED],
  },
];
