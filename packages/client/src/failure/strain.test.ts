import { errors } from "cassandra-driver";
import { expect, test } from "vitest";
import { strainOf } from "./strain.ts";

const response = (code: number) => new errors.ResponseError(code, "");
const hosts = (...inner: unknown[]) =>
  new errors.NoHostAvailableError(Object.fromEntries(inner.map((error, n) => [`10.0.0.${n}:9042`, error])));
const timedOut = () => new errors.OperationTimedOutError("no reply", "10.0.0.1");
const socketClosed = (requestNotWritten?: boolean) =>
  Object.assign(new Error("Socket was closed"), { isSocketError: true, requestNotWritten });
const busy = () => new errors.BusyConnectionError("10.0.0.1", 2048, 1);

test.each<[string, unknown, string | undefined]>([
  ["overloaded", response(0x1001), "overload"],
  ["busy", busy(), "overload"],
  ["write timeout", response(0x1100), "timeout"],
  ["read timeout", response(0x1200), "timeout"],
  ["timed out", timedOut(), "timeout"],
  ["overloaded, another host timed out", hosts(timedOut(), response(0x1001)), "overload"],
  ["every host timed out or is down", hosts("Host considered as DOWN", timedOut()), "timeout"],
  ["every host is down", hosts("Host considered as DOWN"), undefined],
  ["too few replicas", response(0x1000), "partial"],
  [
    "too few replicas, the other hosts are down",
    hosts("Host considered as DOWN", response(0x1000)),
    "partial",
  ],
  ["too few replicas, another host timed out", hosts(response(0x1000), timedOut()), "timeout"],
  ["the connection went", socketClosed(), "connection-lost"],
  ["the connection went before it was written", socketClosed(true), undefined],
  [
    "the connection to one host went, another is down",
    hosts("Host considered as DOWN", socketClosed()),
    "connection-lost",
  ],
  [
    "the connection to one host went, another timed out",
    hosts(timedOut(), socketClosed()),
    "connection-lost",
  ],
  [
    "the connection to one host went, another is overloaded",
    hosts(socketClosed(), response(0x1001)),
    "connection-lost",
  ],
  ["not written, too few replicas", hosts(socketClosed(true), response(0x1000)), "partial"],
  ["change log full", response(0x1600), "partial"],
  ["bootstrapping", response(0x1002), undefined],
  ["syntax", response(0x2000), undefined],
  ["unknown", new Error("what?"), undefined],
  ["nothing", undefined, undefined],
])("the state of the cluster, by an error: %s", (_, error, expected) => {
  expect(strainOf(error)).toBe(expected);
});
