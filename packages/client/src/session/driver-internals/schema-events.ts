import type { Client } from "cassandra-driver";
import { isObject, member } from "./member.ts";

export interface SchemaListener {
  /** A server has said that something in a keyspace has changed. */
  changed(keyspace: string): void;
  /** Events come by another connection than before: those in between are lost. */
  reconnected(): void;
}

/**
 * Tells of changes of the schema as soon as a server does, and of each time that the driver has found another connection to be
 * told by: it reads its own metadata anew for the hosts alone then.
 */
export function watchSchema(client: Client, listener: SchemaListener): void {
  const control = member(client, "controlConnection");
  const on = member(control, "on");
  if (typeof on === "function") {
    on.call(control, "newConnection", (error: unknown) => {
      if (!isObject(error)) listener.reconnected();
    });
  }
  onSchemaChange(client, (keyspace) => {
    if (typeof keyspace === "string") listener.changed(keyspace);
  });
}

/** Calls back with the keyspace, before the driver does anything about it. */
export function onSchemaChange(client: Client, listener: (keyspace: unknown) => void): void {
  const control = member(client, "controlConnection");
  const handler = member(control, "_nodeSchemaChangeHandler");
  if (!isObject(control) || typeof handler !== "function") return;
  const changed = (event: unknown, ...rest: unknown[]) => {
    listener(member(event, "keyspace"));
    return handler.call(control, event, ...rest);
  };
  Object.assign(control, { _nodeSchemaChangeHandler: changed });
}

/** The address of the node that events come from. */
export function eventHostOf(client: Client): string | undefined {
  const address = member(member(member(client, "controlConnection"), "host"), "address");
  return typeof address === "string" ? address : undefined;
}
