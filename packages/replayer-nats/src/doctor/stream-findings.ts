import { type Finding, LANES } from "@helix/core";
import type { StreamInfo } from "@nats-io/jetstream";
import type { TopologyDifference } from "../errors.ts";
import { isLeft, isLosing, tell } from "../topology/differences.ts";
import { isGoMade } from "../topology/topology.ts";

/** Beyond that there is little time left to do something. */
const NEARLY_FULL = 0.8;
/** Fields by which others get what is stored, or store it. */
const EXPOSING = new Set(["republish", "sources"]);

/** How many machines a stream survives. */
export function copyFindings({ config, cluster }: StreamInfo): Finding[] {
  const where = `stream ${config.name}`;
  if (config.storage !== "file") {
    return [
      {
        code: "in-memory",
        harm: "loss",
        where,
        what: "It is kept in the memory of the server: all of it is gone when the server stops.",
        cure: "Make it again with file storage, when it is drained.",
      },
    ];
  }
  if (config.num_replicas === 1) {
    return [
      {
        code: "one-copy",
        harm: "loss",
        where,
        what:
          "There is one copy of it: it is gone with the disk of its server, and what was stored within the last `sync_interval` " +
          "(2 minutes, unless the server is configured otherwise) is gone when that machine loses power.",
        cure: 'Run three servers and set `replicas: 3` with `provision: "update"`; with a single one set `sync_interval: always` in its `jetstream` block.',
      },
    ];
  }
  const behind = (cluster?.replicas ?? []).filter(({ current, offline }) => !current || offline === true);
  return behind.map(({ name, offline }) => ({
    code: "copy-behind",
    harm: "loss",
    where,
    what: `Its copy on ${name} is ${offline === true ? "offline" : "behind"}: with one server less, what is stored only elsewhere cannot be read.`,
    cure: `Look after ${name}: its log, its disk, its connection to the other servers.`,
  }));
}

/** @param full What happens when there is no room left, and what makes some. */
export function roomFindings(
  { config, state }: StreamInfo,
  full: { readonly harm: string; readonly cure: string },
): Finding[] {
  const parts = [
    { of: "max_msgs", option: "messages", used: state.messages, limit: config.max_msgs },
    { of: "max_bytes", option: "bytes", used: state.bytes, limit: config.max_bytes },
  ];
  return parts.flatMap(({ of, option, used, limit }) => {
    if (limit === undefined || limit <= 0 || used < NEARLY_FULL * limit) return [];
    return {
      code: "nearly-full",
      harm: "loss",
      where: `stream ${config.name}`,
      what: `It holds ${count(used)} of ${count(limit)} ${option} (\`${of}\`): ${full.harm}`,
      cure: full.cure,
    } satisfies Finding;
  });
}

/** What is not as the options of whoever looks say. */
export function driftFindings(differences: readonly TopologyDifference[]): Finding[] {
  return differences.map((difference) => {
    const { object, field, expected, actual } = difference;
    return {
      code: "drift",
      harm: isLosing(difference) ? "loss" : EXPOSING.has(field) ? "exposure" : "standstill",
      where: object,
      what: `\`${field}\` is ${tell(field, actual)}, and ${tell(field, expected)} by the options: somebody has changed it, or pods have other options.`,
      cure: isLeft(difference)
        ? "Take it back on the server (`nats stream edit`, `nats consumer resume`): no option sets it."
        : 'Give all pods the same options, and let one run with `provision: "update"`.',
    };
  });
}

/** Somebody else has to do with the lanes. */
export function foreignFindings({ config, state }: StreamInfo): Finding[] {
  const where = `stream ${config.name}`;
  const found: Finding[] = [];
  if (isGoMade({ ...config })) {
    found.push({
      code: "go-process",
      harm: "loss",
      where,
      what: "It is as the Go library makes it, which rewrites it at each of its starts: full, it evicts the oldest messages, and it deletes what is old without a word.",
      cure: "Stop the Go workers, and give this queue a `streamName` and a `subjectPrefix` of its own; drain what is left by `adoptGoStream`.",
    });
  }
  if (state.consumer_count > LANES.length) {
    found.push({
      code: "foreign-consumer",
      harm: "loss",
      where,
      what: `It has ${state.consumer_count} consumers, and the lanes are ${LANES.length}: somebody else reads from it, and what they acknowledge is gone.`,
      cure: `Find out whose they are: \`nats consumer ls ${config.name}\`.`,
    });
  }
  return found;
}

export function missingFinding(kind: string, name: string): Finding {
  return {
    code: "missing",
    harm: "loss",
    where: `${kind} ${name}`,
    what: "It does not exist: what belongs there is refused, and so perhaps not queued.",
    cure: "Run `ensureTopology`, or a pod that may make it.",
  };
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
