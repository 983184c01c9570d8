import { AsyncLocalStorage } from "node:async_hooks";
import { settle } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { payload, startRig } from "./rig.ts";

test("executions and what is told of them run in no request's context, whoever has woken the worker", async () => {
  const requests = new AsyncLocalStorage<string>();
  const heard: string[] = [];
  const hear = (what: string) => heard.push(`${what} in ${requests.getStore() ?? "none"}`);
  const { queue, worker } = await startRig({
    execute: async ({ disposition }) => {
      hear("executed");
      if (disposition === "unsafe") throw Object.assign(new Error("no"), { outcome: "rejected" });
    },
    onSuccess: () => hear("succeeded"),
    onDrop: () => hear("dropped"),
  });
  const missed = async (name: string, disposition?: "hold" | "unsafe") => {
    requests.run(name, () => queue.put(payload({ ...(disposition && { disposition }) })));
    await settle();
    return heard.splice(0);
  };
  expect(await missed("a request")).toEqual(["executed in none", "succeeded in none"]);
  expect(await missed("another", "unsafe")).toEqual(["executed in none", "dropped in none"]);
  expect(await missed("a third", "hold")).toEqual(["dropped in none"]);

  worker.pause("A", "by a person");
  await missed("a request");
  requests.run("an order", () => worker.resume("A"));
  await settle();
  expect(heard).toEqual(["executed in none", "succeeded in none"]);
});
