import { describe, expect, it } from "vitest";
import { withFreePorts } from "./with-free-ports.ts";

/** Starts that fail with each of `messages` in turn, then succeed; resolves with the ports that each was given. */
async function portsOf(...messages: string[]): Promise<string[]> {
  const given: string[] = [];
  await withFreePorts(2, "127.0.0.1", async (ports) => {
    given.push(ports.join());
    const message = messages.shift();
    if (message !== undefined) throw new Error(message);
  });
  return given;
}

describe("a start on free ports", () => {
  it.each([
    "Cassandra did not start: java.net.BindException: Address already in use",
    "Cassandra did not start: /127.0.0.1:7000 is in use by another process",
    "NATS did not start: listen tcp 127.0.0.1:4222: bind: address already in use",
    "driver failed programming external connectivity: port is already allocated",
  ])("is tried on other ports after: %s", async (message) => {
    const [first, second, ...more] = await portsOf(message);
    expect(first).toMatch(/^\d+,\d+$/);
    expect(second).toMatch(/^\d+,\d+$/);
    expect(second).not.toBe(first);
    expect(more).toEqual([]);
  });

  it("is tried three times and no more", async () => {
    const messages = Array.from({ length: 4 }, (_, n) => `address already in use ${n}`);
    await expect(portsOf(...messages)).rejects.toThrow("address already in use 2");
  });

  it("is not tried again when anything else went wrong", async () => {
    await expect(portsOf("out of memory")).rejects.toThrow("out of memory");
  });
});
