import fc from "fast-check";
import { expect, it } from "vitest";
import { RecentMap } from "./recent-map.ts";

const MAX = 3;
const command = fc.tuple(
  fc.constantFrom("use", "set", "peek", "delete", "clear"),
  fc.integer({ min: 0, max: 5 }),
);

it("holds what was used last, and no more than it may, whatever is done with it", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const map = new RecentMap<number, string>(MAX);
      // In the order of use.
      let model: number[] = [];
      for (const [how, key] of commands) {
        const isThere = model.includes(key);
        const rest = model.filter((one) => one !== key);
        if (how === "set" || (how === "use" && isThere)) model = [...rest, key].slice(-MAX);
        if (how === "delete") model = rest;
        if (how === "clear") model = [];
        const value = isThere ? `${key}` : undefined;
        if (how === "use" || how === "peek") expect(map[how](key)).toBe(value);
        else if (how === "set") map.set(key, `${key}`);
        else if (how === "delete") map.delete(key);
        else map.clear();
        expect(map.size).toBe(model.length);
      }
      for (const key of [0, 1, 2, 3, 4, 5]) expect(map.peek(key) !== undefined).toBe(model.includes(key));
    }),
  );
});
