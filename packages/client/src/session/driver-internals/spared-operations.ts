import { member } from "./member.ts";

interface Connection {
  _operations: unknown;
}

/** All that the driver's class does with them. */
const KNOWN_USES = /\b_operations(?: = new Map\(\)|\.(?:get|set|delete|values)\()/g;
const USES = /\b_operations\b/g;

/**
 * Keeps what waits for an answer on a connection in a list. The driver has a Map, whose entries come and go with each request: it makes
 * itself a new table every few dozen of them, and the tables before it, once they are old, keep what was in them until the next full collection.
 */
export function spareOperations(connection: object): void {
  const bind = member(connection, "bindSocketListeners");
  if (typeof bind !== "function" || !isKnown(connection)) return;
  Object.assign(connection, {
    /** Called for each socket; when one closes, the driver makes another Map. */
    bindSocketListeners(this: Connection): void {
      bind.call(this);
      const { _operations: waiting } = this;
      if (waiting instanceof Map && waiting.size === 0) this._operations = new Operations();
    },
  });
}

function isKnown(connection: object): boolean {
  const text = Function.prototype.toString.call(connection.constructor);
  const uses = text.match(USES)?.length ?? 0;
  return uses > 0 && uses === text.match(KNOWN_USES)?.length;
}

/** By the numbers of the requests, which are as small as can be. */
class Operations {
  readonly #list: unknown[] = [];

  get(streamId: number): unknown {
    return this.#list[streamId];
  }

  set(streamId: number, operation: unknown): void {
    this.#list[streamId] = operation;
  }

  delete(streamId: number): void {
    // A server may answer what it was never asked.
    if (streamId < this.#list.length) this.#list[streamId] = undefined;
  }

  values(): unknown[] {
    return this.#list.filter((operation) => operation !== undefined);
  }
}
