import { isHelixError } from "@helix/core";
import { type CqlRequest, cell, reply, waitFor } from "@helix/testkit";
import { Client } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import type { ExecuteOptions, Result } from "../src/index.ts";
import { driverOptions, errorOf, TwoClusters } from "./two-clusters.ts";

const SELECT = "SELECT n FROM ks.t WHERE id = ?";
interface Row {
  n: number;
}

/** Long enough for a machine that does other things as well: nothing here is about silence. */
const PATIENT = { driver: { socketOptions: { readTimeout: 5_000, connectTimeout: 5_000 } } };

/** Answers with pages of these rows; a page state is the number of the page that it leads to. */
function pages(...all: number[][]) {
  return ({ pageState }: CqlRequest) => {
    const page = pageState?.[0] ?? 0;
    const rows = (all[page] ?? []).map((n) => [cell.int(n)]);
    return reply.rows(
      [{ name: "n", type: "int" }],
      rows,
      page + 1 < all.length ? Buffer.of(page + 1) : undefined,
    );
  };
}

async function paged(): Promise<TwoClusters> {
  const clusters = await TwoClusters.connected(PATIENT);
  clusters.script.A = pages([1, 2], [], [3, 4], [5]);
  clusters.script.B = pages([101], [102]);
  return clusters;
}

async function numbers(rows: AsyncIterable<Row>): Promise<number[]> {
  const found: number[] = [];
  for await (const { n } of rows) found.push(n);
  return found;
}

describe("all pages of a read", () => {
  test("come by `for await`, an empty one in between as well", async () => {
    await using clusters = await paged();
    const result = await clusters.client.execute<Row>(SELECT, ["1"], { fetchSize: 2 });
    expect([...result].map(({ n }) => n)).toEqual([1, 2]);
    expect(await numbers(result)).toEqual([1, 2, 3, 4, 5]);
    expect(clusters.servers.A.requests.map(({ pageSize }) => pageSize)).toEqual([2, 2, 2, 2]);
  });

  test("come by `nextPage`, which is null where there is none, as `isPaged` says", async () => {
    await using clusters = await paged();
    const found: unknown[] = [];
    let result: Result<Row> | undefined = await clusters.client.execute<Row>(SELECT, ["1"]);
    while (result !== undefined) {
      expect(result.isPaged()).toBe(result.nextPage !== null);
      found.push(result.rows.map(({ n }) => n));
      if (!result.isPaged()) expect(result.pageState).toBeNull();
      result = await result.nextPage?.();
    }
    expect(found).toEqual([[1, 2], [], [3, 4], [5]]);
  });

  test("stay with the cluster that gave the first, wherever other reads go meanwhile", async () => {
    await using clusters = await paged();
    const result = await clusters.client.execute<Row>(SELECT, ["1"]);
    const ofA = clusters.script.A;
    clusters.script.A = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
    expect((await clusters.client.execute(SELECT, ["1"])).cluster).toBe("B");
    clusters.script.A = ofA;
    expect(await numbers(result)).toEqual([1, 2, 3, 4, 5]);
    expect((await clusters.client.execute(SELECT, ["1"])).cluster).toBe("B");
  });

  test("end where their reader ends: no page is asked for in advance", async () => {
    await using clusters = await paged();
    for await (const { n } of await clusters.client.execute<Row>(SELECT, ["1"])) if (n === 2) break;
    expect(clusters.servers.A.requests).toHaveLength(1);
  });

  test("are those of the parameters of the call, whatever becomes of these meanwhile", async () => {
    await using clusters = await paged();
    const params = ["1"];
    const options = { fetchSize: 2 };
    const result = await clusters.client.execute<Row>(SELECT, params, options);
    params[0] = "2";
    options.fetchSize = 3;
    await numbers(result);
    const { requests } = clusters.servers.A;
    expect(requests.map(({ values, pageSize }) => [String(values[0]), pageSize])).toEqual(
      Array(4).fill(["1", 2]),
    );
  });

  test("end with the signal's reason when it is aborted", async () => {
    await using clusters = await paged();
    const controller = new AbortController();
    const result = await clusters.client.execute<Row>(SELECT, ["1"], { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(numbers(result)).rejects.toThrow("enough");
  });
});

describe("a page state", () => {
  test("goes to the cluster that it is of, and says so in text that a URL takes as it is", async () => {
    await using clusters = await paged();
    const { pageState } = await clusters.client.execute(SELECT, ["1"], { cluster: "B" });
    expect(pageState).toBe(encodeURIComponent(pageState));
    const next = await clusters.client.execute<Row>(SELECT, ["1"], { pageState });
    expect([next.cluster, next.first()?.n, next.pageState]).toEqual(["B", 102, null]);
    expect(clusters.servers.A.requests).toEqual([]);
  });

  test("of a driver goes to the cluster that is named, as text or as bytes", async () => {
    await using clusters = await paged();
    const driver = new Client(driverOptions(clusters.servers.B));
    const { pageState } = await driver.execute(SELECT, ["1"], { prepare: true });
    await driver.shutdown();
    for (const state of [pageState, Buffer.from(pageState, "hex")]) {
      const options = { pageState: state, cluster: "B" } as const;
      expect((await clusters.client.execute<Row>(SELECT, ["1"], options)).first()?.n).toBe(102);
    }
  });

  test.each<[string, object, string]>([
    ["of another cluster than is named", { pageState: "A.01", cluster: "B" }, "one of cluster A"],
    ["of a driver without a cluster", { pageState: "01" }, "needs the `cluster`"],
    ["that was cut short", { pageState: "A.0" }, "`pageState`"],
    ["of no cluster", { pageState: "C.01" }, "`pageState`"],
    ["that is none", { pageState: 7 }, "`pageState`"],
  ])("%s is refused before anything is sent", async (_, options, message) => {
    await using clusters = await paged();
    const error = await errorOf(clusters.client.execute(SELECT, ["1"], options));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(message);
    expect([...clusters.servers.A.requests, ...clusters.servers.B.requests]).toEqual([]);
  });

  test("of a cluster that has gone is lost: told with the cluster, and never asked of the other", async () => {
    await using clusters = await paged();
    const result = await clusters.client.execute<Row>(SELECT, ["1"]);
    await clusters.servers.A.setDown();
    for (const read of [() => numbers(result), () => result.nextPage?.() ?? Promise.resolve()]) {
      const error = await errorOf(read());
      if (!isHelixError(error, "HELIX_PAGE_LOST")) throw error;
      expect(error.cluster).toBe("A");
      expect(error.cause).toBeInstanceOf(Error);
    }
    expect(clusters.servers.B.requests).toEqual([]);
  });

  test("that its server refuses is told as it is", async () => {
    await using clusters = await paged();
    const result = await clusters.client.execute<Row>(SELECT, ["1"]);
    clusters.script.A = () =>
      reply.error({ code: "protocolError", message: "Invalid value for the paging state" });
    await expect(numbers(result)).rejects.toMatchObject({ code: 0x0a });
    expect(clusters.servers.B.requests).toEqual([]);
  });
});

describe("`eachRow`", () => {
  function visit(clusters: TwoClusters, options: ExecuteOptions, onRow: (row: Row) => void = () => {}) {
    const rows: [number, number][] = [];
    const ends: { error: unknown; result: Result<Row> | undefined }[] = [];
    const rowCallback = (n: number, row: Row) => {
      onRow(row);
      rows.push([n, row.n]);
    };
    clusters.client.eachRow<Row>(SELECT, ["1"], options, rowCallback, (error, result) => {
      ends.push({ error, result });
    });
    const ended = async (times: number) => {
      await waitFor(() => ends.length === times, { timeoutMs: 5_000, describe: `${times} ends` });
      return ends.at(-1);
    };
    return { rows, ended };
  }

  test("with `autoPage` calls back for every row, with its place in its page, and once with the end", async () => {
    await using clusters = await paged();
    const { rows, ended } = visit(clusters, { autoPage: true });
    const end = await ended(1);
    expect(rows).toEqual([
      [0, 1],
      [1, 2],
      [0, 3],
      [1, 4],
      [0, 5],
    ]);
    expect(end).toMatchObject({ error: null, result: { rowLength: 5, nextPage: null, cluster: "A" } });
  });

  test("without it calls back for a page, and `nextPage` of its result does the same for the next", async () => {
    await using clusters = await paged();
    const { rows, ended } = visit(clusters, {});
    const lengths: unknown[] = [];
    for (const times of [1, 2, 3, 4]) {
      const { result } = (await ended(times)) ?? {};
      lengths.push([rows.length, result?.rowLength]);
      result?.nextPage?.();
    }
    expect(lengths).toEqual([
      [2, 2],
      [2, 2],
      [4, 4],
      [5, 5],
    ]);
  });

  test("ends with a failure, of a later page as well, and with what the row's callback throws", async () => {
    await using clusters = await paged();
    const thrown = new Error("no more");
    const stopped = visit(clusters, { autoPage: true }, ({ n }) => {
      if (n === 3) throw thrown;
    });
    expect((await stopped.ended(1))?.error).toBe(thrown);
    expect(stopped.rows).toHaveLength(2);
    const unknown = visit(clusters, { fetchsize: 1 } as ExecuteOptions);
    expect((await unknown.ended(1))?.error).toBeInstanceOf(TypeError);
    const first = pages([1], [2]);
    clusters.script.A = (request) =>
      request.pageState === undefined ? first(request) : reply.error({ code: "syntaxError" });
    expect((await visit(clusters, { autoPage: true }).ended(1))?.error).toMatchObject({ code: 0x2000 });
  });

  test("takes its functions wherever the driver takes them, and refuses to be called without one", async () => {
    await using clusters = await paged();
    const { client } = clusters;
    const found: number[] = [];
    const take = (_: number, { n }: Row) => found.push(n);
    client.eachRow<Row>("SELECT n FROM ks.t", take);
    client.eachRow<Row>(SELECT, ["1"], take);
    client.eachRow<Row>(SELECT, ["1"], null, take, () => found.push(0));
    await waitFor(() => found.length === 7, { timeoutMs: 5_000, describe: "three pages" });
    expect(found.toSorted()).toEqual([0, 1, 1, 1, 2, 2, 2]);
    expect(() => client.eachRow(SELECT, ["1"] as never)).toThrow("`rowCallback`");
  });
});

describe("`stream`", () => {
  test("gives every row, and asks for a page when its reader has taken the one before", async () => {
    await using clusters = await TwoClusters.connected(PATIENT);
    const page = Array.from({ length: 100 }, (_, n) => n);
    clusters.script.A = pages(page, page, page);
    const stream = clusters.client.stream(SELECT, ["1"]);
    const found: number[] = [];
    for await (const { n } of stream as AsyncIterable<Row>) {
      found.push(n);
      if (found.length === 50) expect(clusters.servers.A.requests).toHaveLength(1);
    }
    expect(found).toEqual([...page, ...page, ...page]);
  });

  test("tells its end, or its failure, to its callback, and a failure without one to its listeners", async () => {
    await using clusters = await paged();
    const ends: unknown[] = [];
    clusters.client.stream(SELECT, ["1"], {}, (error) => ends.push(error)).resume();
    await waitFor(() => ends.length === 1, { timeoutMs: 5_000, describe: "the end" });
    clusters.script.A = () => reply.error({ code: "syntaxError" });
    clusters.client.stream(SELECT, ["1"], {}, (error) => ends.push(error)).resume();
    clusters.client
      .stream(SELECT, ["1"])
      .on("error", (error) => ends.push(error))
      .resume();
    await waitFor(() => ends.length === 3, { timeoutMs: 5_000, describe: "the failures" });
    expect(ends).toEqual([undefined, ...Array(2).fill(expect.objectContaining({ code: 0x2000 }))]);
  });
});
