import { getEventListeners, setMaxListeners } from "node:events";
import { cell, reply } from "@helix/testkit";
import { expect, onTestFinished, test } from "vitest";
import { TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id) VALUES (?)";
const SELECT = "SELECT v FROM ks.t WHERE id = ?";

test("one signal for many requests at once is no leak to the runtime, and keeps nothing of them", async () => {
  await using clusters = await TwoClusters.connected({
    driver: { socketOptions: { readTimeout: 5_000 } },
    client: { onQueueFull: { waitMs: 5_000 } },
  });
  const { client, script } = clusters;
  script.A = ({ query }) =>
    query === SELECT ? reply.rows([{ name: "v", type: "text" }], [[cell.text("a")]]) : reply.void;
  script.B = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on("warning", hear);
  onTestFinished(() => void process.off("warning", hear));
  const { signal } = new AbortController();
  // As Node 22 makes it.
  setMaxListeners(10, signal);
  const ids = Array.from({ length: 20 }, (_, id) => `${id}`);
  await Promise.all(
    ids.flatMap((id) => [
      client.execute(INSERT, [id], { signal }),
      client.execute(SELECT, [id], { signal }),
      client.execute(INSERT, [id], { signal, cluster: "A" }),
    ]),
  );
  expect(clusters.queued).toHaveLength(20);
  expect([warnings, getEventListeners(signal, "abort")]).toEqual([[], []]);
});
