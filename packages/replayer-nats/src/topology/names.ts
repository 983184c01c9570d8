import { clusterOf, LANES, type Lane, priorityOf } from "@helix/core";

/** What everything on the server is called. */
export interface Names {
  readonly stream: string;
  readonly prefix: string;
  readonly dead: LetterStream;
  readonly trash: LetterStream;
  /** The key-value bucket of what is known about messages beyond their bodies. */
  readonly bucket: string;
  readonly bucketStream: string;
  /** Of which cluster is A and which is B. */
  readonly clusterBucket: string;
  readonly clusterStream: string;
  /** Of the documents that pods, clients and people agree on. */
  readonly controlBucket: string;
  readonly controlStream: string;
}

/** Where letters lie, each under a subject of its own: `{root}.{priority}.{cluster}.{id}.{life}`. */
export interface LetterStream {
  readonly name: string;
  readonly root: string;
}

export function namesOf({ streamName, subjectPrefix }: { streamName: string; subjectPrefix: string }): Names {
  const bucket = `${streamName}-state`;
  const clusterBucket = `${streamName}-clusters`;
  const controlBucket = `${streamName}-control`;
  return {
    stream: streamName,
    prefix: subjectPrefix,
    dead: { name: `${streamName}-dead-letters`, root: `${subjectPrefix}.dead` },
    trash: { name: `${streamName}-trash`, root: `${subjectPrefix}.trash` },
    bucket,
    // As key-value clients name the stream of a bucket, so that `nats kv` reads it.
    bucketStream: `KV_${bucket}`,
    clusterBucket,
    clusterStream: `KV_${clusterBucket}`,
    controlBucket,
    controlStream: `KV_${controlBucket}`,
  };
}

/** Where the messages of a lane are published: `{prefix}.{priority}.{cluster}`. */
export function subjectOf({ prefix }: Names, lane: Lane): string {
  return `${prefix}.${lane}`;
}

/** What the stream takes: the lanes by name. Under a wildcard it would store what no consumer is for. */
export function laneSubjects(names: Names): string[] {
  return LANES.map((lane) => subjectOf(names, lane));
}

/** Among which the lanes are counted by one request; what the stream took before it knew them by name. */
export function laneWildcard({ prefix }: Names): string {
  return `${prefix}.*.*`;
}

/** The durable consumer of a lane, as the Go library names it. */
export function consumerOf(lane: Lane): string {
  return `helix-worker-${priorityOf(lane)}-${clusterOf(lane)}`;
}

/** Where the letter of a message is. */
export function letterSubject({ root }: LetterStream, lane: Lane, messageId: string): string {
  return `${root}.${lane}.${messageId}`;
}

/** The lane and the name in such a subject; undefined if it names no lane. */
export function letterNameIn(
  { root }: LetterStream,
  subject: string,
): { lane: Lane; name: string } | undefined {
  if (!subject.startsWith(root) || subject[root.length] !== ".") return undefined;
  const at = root.length + 1;
  const lane = LANES.find((one) => subject.startsWith(one, at) && subject[at + one.length] === ".");
  return lane && { lane, name: subject.slice(at + lane.length + 1) };
}

/** What the stream of dead letters takes, and what it took before. */
export function deadLetterSubjects({ dead: { root } }: Names): { now: string[]; before: string[] } {
  return { now: LANES.map((lane) => `${root}.${lane}.*.*`), before: [`${root}.*.*.*.*`] };
}

/** What the trash takes: all that may lie among the dead letters, in no lane too. */
export function trashSubjects({ trash: { root } }: Names): string[] {
  return [`${root}.*.*.*.*`];
}

/** Where a record of the bucket is: of a message or dead letter by id and life, or of what a process is executing. */
export function recordSubject(
  { bucket }: Names,
  kind: "attempts" | "ended" | "executing",
  id: string,
): string {
  return `$KV.${bucket}.${kind}.${id}`;
}

/** Where the one record is that says which clusters the lanes are for. */
export function clusterSubject({ clusterBucket }: Names): string {
  return `$KV.${clusterBucket}.known`;
}

/** Where a document is, by its key; or which are under the first parts of one. */
export function controlSubject({ controlBucket }: Names, key: string): string {
  return `$KV.${controlBucket}.${key}`;
}
