import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Replayer, ReplayPayload } from "@helix/core";
import { connectNatsEnqueuer, ensureTopology } from "@helix/replayer-nats";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer, withDeployedUsers } from "@helix/testkit/nats";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Manifest, manifestsIn, podOf } from "../../../scripts/deployed-pod.ts";
import { insert } from "./pod.ts";
import { MAIN, ServiceProcess } from "./service-process.ts";
import { environmentOf } from "./valid-environment.ts";
import { Executions, WatchedClusters } from "./watched-clusters.ts";

/** Who says nothing of itself may do everything. */
const { config, ...users } = withDeployedUsers({ user: "admin", password: "p" });

let nats: NatsServer;
beforeEach(async () => {
  nats = await startNatsServer({ killable: true, config: { ...config, no_auth_user: "admin" }, ...users });
});
afterEach(() => nats.stop());

interface Info {
  readonly state?: { readonly messages: number };
}

function start({ servers }: WatchedClusters, more: Readonly<Record<string, string>> = {}): ServiceProcess {
  return new ServiceProcess(MAIN, environmentOf(servers, { HELIX_NATS_SERVERS: nats.url, ...more }));
}

/** Writes that both clusters missed in turn; their ids are 0, 1, 2 and so on. */
function* missedWrites(count: number): Generator<ReplayPayload> {
  for (let id = 0; id < count; id++) yield insert(id % 2 === 0 ? "A" : "B", [String(id), "Alice"]);
}

/** Enqueues all of them, some at a time. */
async function enqueueAll(queue: Replayer, payloads: Iterator<ReplayPayload>): Promise<void> {
  const enqueueInTurn = async () => {
    for (let next = payloads.next(); !next.done; next = payloads.next()) await queue.enqueue(next.value);
  };
  await Promise.all(Array.from({ length: 256 }, enqueueInTurn));
}

async function executed(executions: Executions, messages: number, timeoutMs: number): Promise<void> {
  await waitFor(() => executions.messages === messages, {
    timeoutMs,
    describe: () => `${messages} messages are executed; there are ${executions.messages}`,
  });
}

/**
 * Resolves when nothing is pending, no message is a dead letter, and nothing is known of any: no failure was counted, and
 * what a pod writes down of its executions is gone a moment after their end.
 */
async function nothingLeft(): Promise<void> {
  const connection = await connect({ servers: nats.url });
  const messagesIn = async (stream: string) =>
    (await connection.request(`$JS.API.STREAM.INFO.${stream}`)).json<Info>().state?.messages;
  const streams = ["helix-replay", "helix-replay-dead-letters", "KV_helix-replay-state"];
  let left: (number | undefined)[] = [];
  try {
    await waitFor(
      async () => {
        left = await Promise.all(streams.map(messagesIn));
        return left.every((messages) => messages === 0);
      },
      { timeoutMs: 10_000, describe: () => `nothing is left; there is ${left} in ${streams}` },
    );
  } finally {
    await connection.close();
  }
}

test("two pods share a backlog of 100 000 messages within 60:40", { timeout: 180_000 }, async ({
  annotate,
}) => {
  const messages = 100_000;
  const toNats = { connect: { servers: nats.url } };
  await ensureTopology(toNats);
  await using enqueuer = await connectNatsEnqueuer(toNats);
  await enqueueAll(enqueuer, missedWrites(messages));
  const executions = new Executions();
  await using first = await WatchedClusters.start(executions);
  await using second = await WatchedClusters.start(executions);
  const startMs = performance.now();
  const pods = [start(first), start(second)];
  await executed(executions, messages, 120_000);
  const seconds = (performance.now() - startMs) / 1000;
  const shares = [executions.firstOf(first), executions.firstOf(second)];
  await annotate(
    `shares ${shares.join(" : ")} in ${seconds.toFixed(1)} s, ${executions.again} executed again`,
  );
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.4 * messages);
  for (const pod of pods) pod.signal("SIGTERM");
  expect(await Promise.all(pods.map(({ ended }) => ended))).toEqual([0, 0]);
  await nothingLeft();
});

test("a pod that is killed while it works delays what it had in hand by `ackWaitMs`, and nothing is lost", async ({
  annotate,
}) => {
  const messages = 6_000;
  const ackWaitMs = 4_000;
  const options = { HELIX_QUEUE_ACK_WAIT_MS: String(ackWaitMs) };
  const executions = new Executions();
  await using doomed = await WatchedClusters.start(executions, { answerMs: 100 });
  await using other = await WatchedClusters.start(executions, { answerMs: 100 });
  await using victim = start(doomed, options);
  await using survivor = start(other, options);
  await Promise.all([victim.ready(), survivor.ready()]);
  await using enqueuer = await connectNatsEnqueuer({ connect: { servers: nats.url } });
  const enqueued = enqueueAll(enqueuer, missedWrites(messages));
  await waitFor(() => executions.firstOf(doomed) >= 500 && doomed.inHand.size >= 50, {
    timeoutMs: 10_000,
    describe: "the pod is at work",
  });
  victim.signal("SIGKILL");
  const killedAtMs = performance.now();
  const inHand = [...doomed.inHand];
  expect(await victim.ended).toBe("SIGKILL");
  await enqueued;
  await executed(executions, messages, 20_000);
  const inVain = () => inHand.filter((id) => executions.atMs(id, other) === undefined);
  await waitFor(() => inVain().length === 0, {
    timeoutMs: 20_000,
    describe: () => `the other pod has executed what was in hand; without ${inVain()}`,
  });
  const delays = inHand.map((id) => (executions.atMs(id, other) ?? Number.NaN) - killedAtMs);
  const longestMs = Math.max(...delays);
  await annotate(
    `${inHand.length} in hand, the last executed ${longestMs.toFixed()} ms after the kill; ` +
      `${executions.again} of ${messages} executed again`,
  );
  // A server looks at what is overdue now and then, and the machine has other work.
  expect(longestMs).toBeLessThan(ackWaitMs + 1_500);
  await nothingLeft();
});

/** What the container of these manifests has, with its files in this folder instead of `/etc/helix`. */
async function mounted(manifests: readonly Manifest[], folder: string): Promise<Record<string, string>> {
  const json = manifests.find(({ kind }) => kind === "ConfigMap")?.data?.["config.json"] ?? "";
  const env: Record<string, string> = {};
  for (const { name, value = "" } of podOf(manifests).containers.flatMap((container) => container.env)) {
    env[name] = join(folder, name);
    await writeFile(join(folder, name), value.endsWith("config.json") ? json : "p");
  }
  return env;
}

test("a rolling update as the chart's manifests have it, under load, loses nothing, counts no attempt and executes nothing again", async ({
  annotate,
}) => {
  const as = (user: string) => ({ servers: nats.url, user, pass: "p", inboxPrefix: `_INBOX_${user}` });
  const file = new URL("../../../deploy/kubernetes/helix-replay.yaml", import.meta.url);
  const manifests = manifestsIn(await readFile(file, "utf8"));
  const { terminationGracePeriodSeconds } = podOf(manifests);
  const folder = await mkdtemp(join(tmpdir(), "helix-rollout-"));
  const env = await mounted(manifests, folder);
  await ensureTopology({ connect: as("provisioner") });

  const executions = new Executions();
  const options = { answerMs: 100 };
  const clusters = await Promise.all([1, 2, 3, 4].map(() => WatchedClusters.start(executions, options)));
  const pods = clusters.slice(0, 2).map((watched) => start(watched, env));
  await Promise.all(pods.map((pod) => pod.ready()));
  await using enqueuer = await connectNatsEnqueuer({ connect: as("application") });
  const load = new AbortController();
  let enqueued = 0;
  // Each after the one before is executed, so that the pods are at work and never behind.
  const writeOn = async () => {
    while (!load.signal.aborted) {
      const id = String(enqueued++);
      await enqueuer.enqueue(insert(enqueued % 2 === 0 ? "A" : "B", [id, "Alice"]));
      await waitFor(() => executions.has(id), {
        timeoutMs: 30_000,
        describe: `message ${id} is executed`,
        signal: load.signal,
      }).catch((error) => load.signal.aborted || Promise.reject(error));
    }
  };
  const writing = Promise.all(Array.from({ length: 64 }, writeOn));
  // Looked at in its turn.
  writing.catch(() => {});
  const stops: number[] = [];
  for (const [index, watched] of clusters.slice(0, 2).entries()) {
    // One more is there before one goes: maxSurge 1, maxUnavailable 0.
    const next = start(clusters[index + 2] as WatchedClusters, env);
    pods.push(next);
    await next.ready();
    await waitFor(() => watched.inHand.size > 0, { timeoutMs: 10_000, describe: "the pod is at work" });
    const startMs = performance.now();
    pods[index]?.signal("SIGTERM");
    expect(await pods[index]?.ended).toBe(0);
    stops.push(performance.now() - startMs);
  }
  load.abort();
  await writing;
  await executed(executions, enqueued, 60_000);
  await nothingLeft();
  for (const pod of pods.slice(2)) pod.signal("SIGTERM");
  expect(await Promise.all(pods.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
  await annotate(`${enqueued} messages; stopped in ${stops.map((ms) => `${ms.toFixed()} ms`).join(", ")}`);
  expect(Math.max(...stops)).toBeLessThan(terminationGracePeriodSeconds * 1_000);
  expect(executions.again).toBe(0);
  await Promise.all([
    ...clusters.map((watched) => watched[Symbol.asyncDispose]()),
    rm(folder, { recursive: true }),
  ]);
});
