import { describe, expect, test } from "vitest";
import { type ClusterIdentity, claimed, type KnownClusters } from "./cluster-identity.ts";

const of = (...hosts: string[]): ClusterIdentity => ({
  name: "Test Cluster",
  dataCenters: ["datacenter1"],
  hosts,
});
const KNOWN: KnownClusters = { A: of("a1", "a2"), B: of("b1") };

describe("a cluster", () => {
  test("is recorded by the first who finds it, and the same object says that nothing is new", () => {
    const first = claimed({}, "A", of("a1"));
    expect(first).toEqual({ A: of("a1") });
    expect(claimed(first, "A", of("a1"))).toBe(first);
    expect(claimed(KNOWN, "A", of("a2"))).toBe(KNOWN);
  });

  test("stays the same while its nodes are replaced one after another, and by those that it once had", () => {
    let known: KnownClusters = KNOWN;
    for (let n = 2; n < 50; n++) known = claimed(known, "A", of(`a${n}`, `a${n + 1}`));
    expect(claimed(known, "A", of("a50"))).toBe(known);
    expect(claimed(known, "A", of("a1"))).toBe(known);
    expect(known.B).toBe(KNOWN.B);
  });

  test("that was made from a copy of the other's disks is told from it by its name", () => {
    const copy = { ...of("a1", "a2"), name: "shop-b" };
    const known = claimed({ A: of("a1", "a2") }, "B", copy);
    expect(known.B).toBe(copy);
    expect(claimed(known, "A", of("a1", "a2"))).toBe(known);
    expect(() => claimed(known, "A", copy)).toThrow(/recorded for B/);
    expect(() => claimed(known, "B", { ...copy, name: undefined })).toThrow(/recorded for A/);
  });

  test("is known by its latest thousand nodes", () => {
    const many = Array.from({ length: 999 }, (_, n) => `n${n}`);
    const known = claimed(KNOWN, "A", of(...many, "a2"));
    expect(known.A?.hosts).toHaveLength(1_000);
    expect(() => claimed(known, "A", of("a1"))).toThrow(/not cluster A/);
  });
});

describe("another cluster is refused", () => {
  test("where it is recorded under the other letter, which the text says with both and the way out", () => {
    expect(() => claimed(KNOWN, "A", of("b1"))).toThrow(
      expect.objectContaining({
        code: "HELIX_CLUSTER_MISTAKEN",
        cluster: "A",
        recordedAs: "B",
        recorded: KNOWN.A,
      }),
    );
    expect(() => claimed(KNOWN, "A", of("b1"))).toThrow(
      'This is not cluster A: "Test Cluster" (data centre datacenter1; host ids b1) was found, ' +
        '"Test Cluster" (data centre datacenter1; host ids a1, a2) is recorded. It is the one that is recorded for B',
    );
    expect(() => claimed(KNOWN, "A", of("b1"))).toThrow(
      "`acceptClusters` A=b1,B=<a host id of what B is to be>",
    );
    expect(() => claimed({ B: of("b1") }, "A", of("b1"))).toThrow("nothing is recorded");
  });

  test("where it has no node of those that are recorded", () => {
    expect(() => claimed(KNOWN, "B", of("c1"))).toThrow(
      expect.objectContaining({ code: "HELIX_CLUSTER_MISTAKEN", cluster: "B", recordedAs: undefined }),
    );
    expect(() => claimed(KNOWN, "B", of("c1"))).toThrow("`acceptClusters` B=c1");
  });

  test("also where it has nodes of both", () => {
    expect(() => claimed(KNOWN, "A", of("a1", "b1"))).toThrow(/recorded for B/);
  });
});

describe("an order", () => {
  test("that names a node makes its cluster what it says, and no other", () => {
    expect(claimed(KNOWN, "B", of("c1", "c2"), { B: "c2" })).toEqual({ A: KNOWN.A, B: of("c1", "c2") });
    expect(() => claimed(KNOWN, "B", of("d1"), { B: "c2" })).toThrow(/not cluster B/);
    expect(() => claimed(KNOWN, "A", of("c1"), { B: "c1" })).toThrow(/not cluster A/);
  });

  test("for both exchanges them, and one alone does not", () => {
    const accepted = { A: "b1", B: "a2" };
    const half = claimed(KNOWN, "A", of("b1"), accepted);
    expect(half).toEqual({ A: of("b1") });
    expect(claimed(half, "B", of("a1", "a2"), accepted)).toEqual({ A: of("b1"), B: of("a1", "a2") });
    expect(() => claimed(KNOWN, "A", of("b1"), { A: "b1" })).toThrow(/recorded for B/);
    expect(() => claimed(KNOWN, "A", of("b1"), { A: "b1", B: "b1" })).toThrow(/recorded for B/);
  });

  test("that was obeyed changes nothing any more", () => {
    expect(claimed(KNOWN, "A", of("a1"), { A: "a1", B: "b1" })).toBe(KNOWN);
  });
});
