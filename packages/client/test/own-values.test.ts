import { type BoundStatement, reply, type ServerError } from "@helix/testkit";
import { expect, test } from "vitest";
import type { ExecuteOptions } from "../src/index.ts";
import { TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const NAMED = "INSERT INTO ks.t (id, v) VALUES (:id, :v)";
const unavailable: ServerError = { code: "unavailable", required: 2, alive: 1 };
const text = ({ values }: BoundStatement) => values.map((value) => value?.toString());

/** What each cluster was sent to bind, statement by statement. */
function sent({ servers }: TwoClusters): unknown {
  const of = (cluster: "A" | "B") => servers[cluster].requests.flatMap((one) => one.statements.map(text));
  return { A: of("A"), B: of("B") };
}

test("what a caller does to parameters after the call reaches neither cluster", async () => {
  await using clusters = await TwoClusters.connected();
  const params = ["1", "a"];
  const call = clusters.client.execute(INSERT, params);
  params[1] = "another";
  await call;
  const statements = [{ query: INSERT, params }];
  const batch = clusters.client.batch(statements);
  params[1] = "a third";
  await batch;
  const both = [
    ["1", "a"],
    ["1", "another"],
  ];
  expect(sent(clusters)).toEqual({ A: both, B: both });
});

test("what is queued is what the other cluster has, though the caller has changed it in the meantime", async () => {
  await using clusters = await TwoClusters.connected();
  const bytes = Buffer.from("a");
  clusters.script.B = () => {
    bytes.fill("x");
    return reply.error(unavailable);
  };
  const params: Record<string, unknown> = { id: "1", v: bytes };
  const call = clusters.client.execute(NAMED, params);
  params.id = "2";
  expect((await call).writes).toEqual({ A: "applied", B: "queued" });
  expect(clusters.queued).toMatchObject([{ operation: { params: { id: "1", v: Buffer.from("a") } } }]);
});

test("both clusters get the same of a parameter that says something else each time it is asked", async () => {
  await using clusters = await TwoClusters.connected();
  let asked = 0;
  const entity = {
    id: "1",
    get v() {
      return String(++asked);
    },
  };
  await clusters.client.execute(NAMED, entity);
  expect(sent(clusters)).toEqual({ A: [["1", "1"]], B: [["1", "1"]] });
});

test("what is queued has the options of the call, whatever has become of them since", async () => {
  await using clusters = await TwoClusters.connected();
  const options: ExecuteOptions = { priority: "low", consistency: 6 };
  clusters.script.B = () => {
    Object.assign(options, { priority: "urgent", consistency: "quorum" });
    return reply.error(unavailable);
  };
  expect((await clusters.client.execute(INSERT, ["1", "a"], options)).writes.B).toBe("queued");
  expect(clusters.queued).toMatchObject([{ priority: "low", consistency: 6 }]);
});
