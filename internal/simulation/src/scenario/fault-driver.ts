import { CLUSTERS, type ClusterId } from "@helix/core";
import type { ClusterTrouble } from "../cluster/model-cluster.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { World } from "../world/world.ts";
import type { Fault } from "./faults.ts";
import { beginNats } from "./nats-fault-driver.ts";
import type { NatsFault } from "./nats-faults.ts";
import { Random } from "./random.ts";

type TroubleKind<T> = T extends unknown ? Omit<T, "sinceMs"> : never;

/** Lets a fault set in and end at their times. */
export function schedule(world: World, fault: Fault): void {
  const { time, tape } = world;
  time.schedule(() => {
    tape.emit({ kind: "fault", fault, isOn: true });
    const end = begin(world, fault);
    time.schedule(() => {
      tape.emit({ kind: "fault", fault, isOn: false });
      end();
    }, fault.forMs);
  }, fault.atMs);
}

function begin(world: World, fault: Fault): () => void {
  const { durable, nats, time } = world;
  const ail = (cluster: ClusterId, trouble: TroubleKind<ClusterTrouble>) =>
    world.clusters[cluster].begin({ ...trouble, sinceMs: time.nowMs } as ClusterTrouble);
  switch (fault.kind) {
    case "outage":
      return ail(fault.cluster, { kind: "down" });
    case "silence":
      return ail(fault.cluster, { kind: "silent" });
    case "deafness":
      return ail(fault.cluster, { kind: "deaf" });
    case "flapping":
      return flap(world, () => ail(fault.cluster, { kind: "down" }), fault.periodMs);
    case "table-away":
      return ail(fault.cluster, { kind: "table-away", table: fault.table, how: "unavailable" });
    case "table-timeouts":
      return ail(fault.cluster, { kind: "table-away", table: fault.table, how: "timeout" });
    case "late-schema":
      return ail(fault.cluster, { kind: "table-away", table: fault.table, how: "missing" });
    case "ranges-away": {
      const { kind, from, share, how, appliedShare } = fault;
      return ail(fault.cluster, { kind, from, share, how, appliedShare });
    }
    case "slowness":
      return ail(fault.cluster, { kind: "slow", factor: fault.factor });
    case "overload":
      return ail(fault.cluster, { kind: "overload", capacity: fault.capacity });
    case "flakiness":
      return ail(fault.cluster, { kind: "flaky", share: fault.share, appliedShare: fault.appliedShare });
    case "double-failures": {
      const { share, appliedShare } = fault;
      const ends = CLUSTERS.map((cluster) => ail(cluster, { kind: "flaky", share, appliedShare }));
      return () => {
        for (const end of ends) end();
      };
    }
    case "queue-restart":
      if (durable === undefined) return () => {};
      durable.isDown = true;
      return () => {
        durable.isDown = false;
        durable.restart(0.5);
      };
    case "queue-loss":
      if (durable !== undefined) durable.lostShare = fault.share;
      return () => {
        if (durable !== undefined) durable.lostShare = 0;
      };
    case "queue-duplicates":
      if (durable !== undefined) durable.duplicates = fault.share;
      return () => {
        if (durable !== undefined) durable.duplicates = 0;
      };
    case "garbage":
      durable?.publishGarbage(fault.lane, `garbage-${fault.atMs}-${fault.forMs}.0`);
      nats?.publishGarbage(fault.lane, `garbage-${fault.atMs}-${fault.forMs}.0`);
      return () => {};
    case "app-crash":
      return kill(world.processAt(fault.app), fault.crossings);
    case "pod-crash":
      return kill(world.podProcess(fault.pod), fault.crossings);
    case "worker-restart":
      void world.stopWorker(fault.pod, fault.graceMs);
      return () => void world.startWorker(fault.pod);
    case "pause":
      return world.pause(fault.pod, fault.cluster);
    case "gate":
      world.gates.set(fault.cluster, fault.state);
      return () => world.gates.set(fault.cluster, "open");
    case "clock-step":
      world.processAt(fault.process).stepClock(fault.byMs);
      return () => {};
    case "freeze":
      world.processAt(fault.process).freeze(Math.min(fault.forMs, 60_000));
      return () => {};
    default:
      return nats === undefined ? () => {} : beginNats(world, nats, fault, randomOf(world, fault));
  }
}

/** What such a fault draws while it lasts. */
function randomOf({ scenario }: World, { kind, atMs, forMs }: Fault & NatsFault): Random {
  return new Random(`fault ${scenario.seed} ${kind} ${atMs} ${forMs}`);
}

/** After so many crossings, and in the end if it has not made as many. */
function kill(process: SimProcess, crossings: number): () => void {
  process.dieAfter(crossings);
  return () => process.die();
}

/** Away, there, away, …; there in the end. */
function flap(world: World, away: () => () => void, periodMs: number): () => void {
  let isOver = false;
  let back: (() => void) | undefined;
  const turn = () => {
    if (isOver) return;
    if (back === undefined) back = away();
    else {
      back();
      back = undefined;
    }
    world.time.schedule(turn, periodMs);
  };
  turn();
  return () => {
    isOver = true;
    back?.();
  };
}
