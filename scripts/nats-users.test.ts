import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NATS_USERS, natsUsersText } from "./nats-users.ts";

test("the users of NATS have the rights that the code says: `npx -y pnpm@12 readme` writes them", () => {
  expect(readFileSync(NATS_USERS, "utf8")).toBe(natsUsersText());
});
