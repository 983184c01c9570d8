import type { ControlStore } from "@helix/core";
import { MemoryControlStore } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { controlStoreContract } from "../src/index.ts";
import { BROKEN_CONTROL_STORES } from "./broken/control-stores.ts";
import { ModelStore } from "./model/model-control-store.ts";

async function verdictsOf(make: (inner: ControlStore) => ModelStore): Promise<string[]> {
  const clock = new ManualClock();
  const cases = controlStoreContract({
    async create() {
      const inner = new MemoryControlStore({ clock });
      const store = make(inner);
      return {
        store,
        dispose: async () => {},
        otherPod: async () => make(inner),
        cut: async () => store.cut(),
        heal: async () => store.heal(),
        async inject(key) {
          store.bytes.set(key, ((await inner.get(key))?.revision ?? 0) + 1);
          await inner.put(key, {});
        },
      };
    },
    capabilities: { shared: true, connection: true, injects: true },
    timeoutMs: 2000,
    clock,
  });
  let running = cases.length;
  const failed: string[] = [];
  for (const { title, run } of cases) {
    run()
      .catch((error: { name: string }) => {
        expect(error.name).toBe("ContractViolation");
        failed.push(title);
      })
      .finally(() => running--);
  }
  while (running > 0) await clock.advance(50);
  return cases.map(({ title }) => title).filter((title) => failed.includes(title));
}

describe("MemoryControlStore", () => {
  const cases = controlStoreContract({
    create: async () => ({ store: new MemoryControlStore(), dispose: async () => {} }),
  });
  it.concurrent.each(cases)("$title", ({ run }) => run());
});

describe("the contract of control stores", () => {
  it("passes a store with every capability", async () => {
    expect(await verdictsOf((inner) => new ModelStore(inner))).toEqual([]);
  });

  it.each(BROKEN_CONTROL_STORES)("catches a store that $wrong", async ({ make, caughtBy }) => {
    expect(await verdictsOf(make)).toEqual(caughtBy);
  });

  it("has no case that every broken store passes", () => {
    const all = controlStoreContract({
      create: () => Promise.reject(),
      capabilities: { shared: true, connection: true, injects: true },
    });
    const caught = new Set(BROKEN_CONTROL_STORES.flatMap(({ caughtBy }) => caughtBy));
    expect(all.map(({ title }) => title).filter((title) => !caught.has(title))).toEqual([]);
  });
});
