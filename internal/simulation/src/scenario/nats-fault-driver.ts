import { LANES } from "@helix/core";
import type { Asked, Rule, Ruling } from "../nats/model-nats-server.ts";
import { consumerOf, type NatsQueue, STREAMS } from "../queue/nats-queue.ts";
import type { World } from "../world/world.ts";
import type { Fault } from "./faults.ts";
import { type NatsFault, REFUSALS } from "./nats-faults.ts";
import type { Random } from "./random.ts";

/** What a server that is killed had not on its disk. Milliseconds. */
const UNSYNCED_MS = 1000;
/** No election takes longer. */
const LEADERLESS_MS = 10_000;
/** How often what is in hand may be delivered to somebody else. */
const DUPLICATE_MS = 200;

/** Begins; returns what ends it. */
export function beginNats(
  world: World,
  nats: NatsQueue,
  fault: Fault & NatsFault,
  random: Random,
): () => void {
  const { server } = nats;
  const rule = (judge: Rule) => {
    server.rules.add(judge);
    return () => void server.rules.delete(judge);
  };
  const share = (chance: number, ruling: () => Ruling) =>
    rule(() => (random.chance(chance) ? ruling() : undefined));
  switch (fault.kind) {
    case "nats-restart":
      return restart(world, nats, fault.loses);
    case "nats-cut":
      world.cut(fault.process, fault);
      return () => {};
    case "nats-leader": {
      server.loseLeader();
      let isOver = false;
      const elect = () => {
        if (!isOver) server.electLeader();
        isOver = true;
      };
      world.time.schedule(elect, LEADERLESS_MS);
      return elect;
    }
    case "nats-loss":
      return share(fault.share, () => random.pick(["lost", "answer lost"] as const));
    case "nats-late":
      return share(fault.share, () => ({ lateMs: fault.byMs * random.next() }));
    case "nats-slowness":
      server.slowdowns.add(fault);
      return () => void server.slowdowns.delete(fault);
    case "nats-duplicates":
      return repeat(world, DUPLICATE_MS, () => nats.duplicate(fault.share));
    case "nats-refusals": {
      const stream = STREAMS[fault.role];
      const error = REFUSALS[fault.why];
      return rule((asked) => (asked.kind === "publish" && asked.stream === stream ? { error } : undefined));
    }
    case "nats-records":
      return rule((asked) => (isOf(asked, fault.what) ? fault.how : undefined));
    case "nats-consumer-gone":
      server.jetStream.deleteConsumer(STREAMS.lanes, consumerOf(fault.lane));
      return () => {};
    case "rolling-restart":
      void world.replacePod(fault.pod, fault.graceMs);
      return () => {};
  }
}

function isOf(
  { kind, stream, subject }: Asked,
  what: (NatsFault & { kind: "nats-records" })["what"],
): boolean {
  if (stream !== STREAMS.records) return false;
  if (what === "writes") return kind === "publish";
  if (what === "counts") return kind === "direct" || subject.startsWith("$JS.API.STREAM.MSG.GET.");
  return kind === "direct" || kind === "api";
}

/** Down until the end of the fault. */
function restart({ time }: World, { server }: NatsQueue, loses: boolean): () => void {
  let isOver = false;
  const stop = () => {
    if (!isOver && server.isUp) server.stop();
  };
  if (loses) {
    server.stallDisk(LANES.map((lane) => [STREAMS.lanes, consumerOf(lane)] as const));
    time.schedule(stop, UNSYNCED_MS);
  } else {
    stop();
  }
  return () => {
    // One that lasts for no second is a kill at its end.
    stop();
    isOver = true;
    if (!server.isUp) server.start();
  };
}

function repeat({ time }: World, everyMs: number, act: () => void): () => void {
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    act();
    time.schedule(turn, everyMs);
  };
  turn();
  return () => {
    isOver = true;
  };
}
