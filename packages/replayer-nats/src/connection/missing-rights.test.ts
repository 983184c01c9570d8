import { type Logger, silentLogger } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { errors } from "@nats-io/nats-core";
import { expect, it } from "vitest";
import type { LinkListener } from "./link.ts";
import { MissingRights } from "./missing-rights.ts";

function connected() {
  const clock = new ManualClock();
  let listener: LinkListener | undefined;
  const listen = (added: LinkListener) => {
    listener = added;
    return () => {};
  };
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_, line) => lines.push(line) };
  const rights = new MissingRights({ listen, inboxPrefix: "_INBOX_pod" }, { clock, logger });
  const refuse = (operation: "publish" | "subscription", subject: string) =>
    listener?.onViolation?.(new errors.PermissionViolationError("Permissions Violation", operation, subject));
  return { clock, rights, refuse, lines };
}

it("that a pod may no longer hear what the server sends is told for as long as it goes on, with what cures it", async () => {
  const { clock, rights, refuse } = connected();
  refuse("subscription", "_INBOX_pod.1f.*");
  expect(rights.cause).toMatchObject({
    code: "HELIX_QUEUE_UNAUTHORIZED",
    operation: "subscription",
    message: expect.stringContaining("`inboxPrefix`"),
  });
  await clock.advance(60_001);
  expect(rights.cause).toBeUndefined();
});

it("is a line for each kind once a minute, however often the server says it", async () => {
  const { clock, refuse, lines } = connected();
  for (const inbox of ["1f", "2e", "3d"]) refuse("subscription", `_INBOX_pod.${inbox}.*`);
  for (const place of [1, 2]) refuse("publish", `$JS.ACK.s.c.1.${place}.${place}.1.0`);
  expect(lines).toHaveLength(2);
  await clock.advance(60_000);
  refuse("subscription", "_INBOX_pod.4c.*");
  expect(lines).toHaveLength(3);
});

it("what somebody waits for who is told himself makes nothing unready", () => {
  const { rights, refuse } = connected();
  refuse("publish", "$JS.API.STREAM.INFO.helix-replay");
  refuse("subscription", "orders.>");
  expect(rights.cause).toBeUndefined();
});
