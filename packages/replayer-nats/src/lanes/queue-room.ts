import { LANES, type QueueRoom } from "@helix/core";
import type { StreamInfo } from "@nats-io/jetstream";
import type { Admin } from "../connection/admin.ts";
import { laneWildcard, type Names, subjectOf } from "../topology/names.ts";

/** How full the streams are by each of their limits, by the server's own counts: two requests, however much they hold. */
export async function queueRoom(admin: Admin, names: Names): Promise<QueueRoom[]> {
  const { stream, dead } = names;
  const [lanes, letters] = await admin.request((api) =>
    Promise.all([
      api.streams.info(stream, { subjects_filter: laneWildcard(names) }),
      api.streams.info(dead.name),
    ]),
  );
  const perLane = LANES.flatMap((lane) => {
    const used = lanes.state.subjects?.[subjectOf(names, lane)] ?? 0;
    const capacity = lanes.config.max_msgs_per_subject;
    return limited({ of: "lanes", lanes: [lane], unit: "messages", used, messages: used }, capacity);
  });
  return [...perLane, ...ofStream("lanes", lanes), ...ofStream("dead-letters", letters)];
}

function ofStream(of: QueueRoom["of"], { config, state: { messages, bytes } }: StreamInfo): QueueRoom[] {
  const all = { of, lanes: LANES, messages } as const;
  return [
    ...limited({ ...all, unit: "messages", used: messages }, config.max_msgs),
    ...limited({ ...all, unit: "bytes", used: bytes }, config.max_bytes),
  ];
}

/** Absent, zero or negative means no limit. */
function limited(room: Omit<QueueRoom, "capacity">, capacity: number | undefined): QueueRoom[] {
  return capacity === undefined || capacity <= 0 ? [] : [{ ...room, capacity }];
}
