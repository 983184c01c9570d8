import type { Examination, Finding, Unseen } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import type { StreamClock } from "../connection/stream-clock.ts";
import type { LaneDepths } from "../lanes/lane-depths.ts";
import type { Strays } from "../lanes/strays.ts";
import type { ReplayerSettings } from "../options.ts";
import { changesOf, lookedAt } from "../topology/differences.ts";
import type { Names } from "../topology/names.ts";
import { natsPermissions } from "../topology/rights.ts";
import { type Wanted, wantedTopology } from "../topology/topology.ts";
import { strayFindings, stuckFindings } from "./lane-findings.ts";
import { clockFindings, rightFindings, versionFindings } from "./server-findings.ts";
import {
  copyFindings,
  driftFindings,
  foreignFindings,
  missingFinding,
  roomFindings,
} from "./stream-findings.ts";

const PATIENCE_MS = 5000;
/** Told as findings of their own. */
const TOLD_ELSEWHERE = new Set(["num_replicas", "storage"]);

export interface Examined {
  readonly admin: Admin;
  readonly link: Link;
  readonly names: Names;
  readonly settings: ReplayerSettings;
  readonly streamClock: StreamClock;
  readonly depths: Pick<LaneDepths, "depths">;
  readonly strays: Pick<Strays, "count">;
}

/** Looks at all that the queue has on its servers. A look that fails is in the answer, and the others go on. */
export async function examine(examined: Examined): Promise<Examination> {
  const { admin, names, settings, streamClock, depths, strays } = examined;
  const findings: Finding[] = [];
  const unseen: Unseen[] = [];
  const look = async (what: string, find: () => Promise<readonly Finding[]>) => {
    try {
      findings.push(...(await find()));
    } catch (error) {
      unseen.push({ what, why: error instanceof Error ? error.message : String(error) });
    }
  };
  let all: readonly Wanted[] = [];
  await look("the NATS server", async () => {
    const version = admin.serverVersion;
    all = wantedTopology(names, settings, version);
    return versionFindings(version ?? "of unknown version");
  });
  // Whatever else is asked is not there either.
  if (unseen.length > 0) return { findings, unseen };
  for (const wanted of all) {
    await look(`${wanted.kind} ${wanted.name}`, () => findingsOf(wanted, examined));
  }
  await look("what the lanes hold", async () => stuckFindings(await depths.depths()));
  await look("what is in no lane", async () => strayFindings(await strays.count(), names.stream));
  findings.push(...clockFindings(streamClock.offsetMs, streamClock.isTrusted));
  await look("the rights of this user", () => rights(examined));
  return { findings, unseen };
}

async function findingsOf(wanted: Wanted, { admin, names, streamClock }: Examined): Promise<Finding[]> {
  if (wanted.kind === "consumer") {
    const found = await admin.find((api) => lookedAt(api, wanted));
    if (found === undefined) return [missingFinding("consumer", wanted.name)];
    return driftFindings(changesOf(wanted, found.config));
  }
  const found = await admin.find((api) => streamClock.learn(() => api.streams.info(wanted.name)));
  if (found === undefined) return [missingFinding("stream", wanted.name)];
  const differences = changesOf(wanted, { ...found.config });
  return [
    ...copyFindings(found),
    ...driftFindings(differences.filter(({ field }) => !TOLD_ELSEWHERE.has(field))),
    // Of lanes and dead letters `room` tells it.
    ...(wanted.name === names.stream || wanted.name === names.dead.name
      ? []
      : roomFindings(found, FULL[wanted.name === names.trash.name ? "trash" : "records"])),
    ...(wanted.name === names.stream ? foreignFindings(found) : []),
  ];
}

const FULL = {
  trash: {
    harm: "full, no dead letter can be discarded.",
    cure: "Delete for good what nobody wants back (`helix dead trash empty`), wait until it is seven days old, or give it more room.",
  },
  records: {
    harm: "full, nothing more can be written down there.",
    cure: 'Find out why it does not drain, and raise the limit by `provision: "update"`.',
  },
};

/** The server tells everybody what they may do themselves. */
async function rights({ link, settings }: Examined): Promise<Finding[]> {
  const answer = await link.up.request("$SYS.REQ.USER.INFO", "", { timeout: PATIENCE_MS });
  const { streamName, subjectPrefix } = settings;
  const needed = (["worker", "updater"] as const).flatMap(
    (role) => natsPermissions(role, { streamName, subjectPrefix }).publish,
  );
  return rightFindings(answer.json(), needed);
}
