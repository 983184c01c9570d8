import { types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { ownValue } from "./own-values.ts";

/** Of what was read from a Buffer that its owner uses again. */
const zero = (value: { getBuffer(): Buffer }) => value.getBuffer().fill(0);

describe("what is made of a parameter stays as it was passed", () => {
  test.each<[string, () => unknown, (value: never) => unknown]>([
    ["a Buffer", () => Buffer.from("a"), (bytes: Buffer) => bytes.fill("x")],
    ["a Uuid", () => new types.Uuid(Buffer.alloc(16, 1)), zero],
    ["a TimeUuid", () => new types.TimeUuid(Buffer.alloc(16, 0x11)), zero],
    ["an InetAddress", () => new types.InetAddress(Buffer.alloc(4, 1)), zero],
    ["a Date", () => new Date(0), (date: Date) => date.setTime(1)],
    ["an array", () => ["a"], (array: string[]) => array.push("x")],
    ["an object", () => ({ a: "a" }), (object: { a: string }) => Object.assign(object, { a: "x" })],
    ["a Map", () => new Map([["a", "a"]]), (map: Map<string, string>) => map.set("a", "x")],
    ["a Set", () => new Set(["a"]), (set: Set<string>) => set.clear()],
    ["a Float32Array", () => new Float32Array([1]), (floats: Float32Array) => floats.fill(0)],
    ["a Vector", () => new types.Vector([1, 2]), (vector: types.Vector) => vector.elements.fill(0)],
    ["a Tuple", () => new types.Tuple("a", 1), (tuple: types.Tuple) => tuple.elements.fill(0)],
    [
      "a Buffer in all of these",
      () => [{ a: new Map([["a", new types.Tuple(new Set([Buffer.from("a")]))]]) }],
      (value: [{ a: Map<string, types.Tuple> }]) => {
        for (const bytes of value[0].a.get("a")?.get(0) ?? []) bytes.fill("x");
      },
    ],
  ])("%s", (_, make, change) => {
    const passed = make();
    const own = ownValue(passed);
    change(passed as never);
    expect(passed).not.toEqual(make());
    expect(own).toEqual(make());
  });

  test("what an accessor says, which is asked once", () => {
    let asked = 0;
    const own = ownValue({
      get a() {
        return ++asked;
      },
    }) as { a: number };
    expect([own.a, own.a, asked]).toEqual([1, 1, 1]);
  });
});

test("what is refused afterwards is still there: a hole, a field named __proto__, a class that no column takes", () => {
  const foreign = new URL("http://localhost");
  const own = ownValue([new Array(1), JSON.parse('{"__proto__": 1}'), foreign]) as [
    unknown[],
    object,
    unknown,
  ];
  expect([own[0].length, 0 in own[0]]).toEqual([1, false]);
  expect(Object.keys(own[1])).toEqual(["__proto__"]);
  expect(own[2]).toBe(foreign);
});

describe("an instance of a class", () => {
  class Entity {
    readonly createdBy = "alice";
  }
  class User extends Entity {
    readonly name = "bob";
    readonly greet = () => this.name;
    #asked = 0;
    get asked() {
      return ++this.#asked;
    }
    method() {
      return this.name;
    }
  }

  test("is its own properties, as parameters and in one, and methods are no parameters", () => {
    expect(ownValue(new User())).toEqual({ createdBy: "alice", name: "bob" });
    expect(ownValue([new Entity()])).toEqual([{ createdBy: "alice" }]);
    expect(ownValue({ v: Object.assign(Object.create(null), { a: 1 }) })).toEqual({ v: { a: 1 } });
  });

  test("keeps an accessor of its class where the driver would find it, which is not asked before", () => {
    const user = new User();
    const own = ownValue(user) as User;
    expect(Object.keys(own)).not.toContain("asked");
    expect([own.asked, user.asked]).toEqual([1, 2]);
    expect("method" in own).toBe(false);
  });

  test("may be a row, of the driver's or of a result of ours, whatever its columns are called", () => {
    const { Row } = types as unknown as { Row: new (columns: unknown[]) => object };
    const row = Object.assign(new Row([]), { elements: [1], year: 1 });
    expect(ownValue(row)).toEqual({ elements: [1], year: 1 });
    expect(ownValue([row])).toEqual([{ elements: [1], year: 1 }]);
  });
});

test("a value that contains itself is refused, and that soon, however often it does", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic, new Map([["a", cyclic]]), cyclic);
  expect(() => ownValue([cyclic])).toThrow("contains itself");
});
