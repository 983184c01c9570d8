import { GATES_KEY, LANES } from "@helix/core";
import { type NatsPermissionOptions, readPermissionOptions } from "../options.ts";
import {
  clusterSubject,
  consumerOf,
  controlSubject,
  deadLetterSubjects,
  laneSubjects,
  type Names,
  namesOf,
  subjectOf,
  trashSubjects,
} from "./names.ts";

/** Subjects that one purpose needs. */
export interface Right {
  readonly subjects: readonly string[];
  readonly about: string;
}

/** Who a user of the server is. `operator`: a person's command line. `updater`: whoever runs `provision: "update"`. */
export type NatsRole = "application" | "worker" | "operator" | "provisioner" | "updater";

/**
 * What each role has to publish to, and no more: without any of these subjects something of it fails. Each subscribes to
 * its own inbox and to nothing else. The README's table, the tests' users and `natsPermissions` are made of this.
 */
export function rightsOf(names: Names): Readonly<Record<NatsRole, readonly Right[]>> {
  const { stream, bucket, bucketStream, clusterStream, controlStream } = names;
  const letters = [names.dead.name, names.trash.name];
  const streams = [stream, ...letters, bucketStream, clusterStream, controlStream];
  const consumers = LANES.map(consumerOf);
  const application: Right[] = [
    { subjects: laneSubjects(names), about: "enqueue" },
    {
      subjects: [`$JS.API.STREAM.MSG.GET.${clusterStream}`],
      about:
        "compare the clusters that it writes to with those of the queue; without it a warning says that it does not",
    },
    {
      subjects: [`$JS.API.DIRECT.GET.${controlStream}.${controlSubject(names, GATES_KEY)}`],
      about: "see which clusters are drained; without it a warning says that it does not",
    },
  ];
  const examination: Right = {
    subjects: ["$SYS.REQ.USER.INFO"],
    about: "tell whether it has more rights than these",
  };
  const documents: Right[] = [
    {
      subjects: [controlSubject(names, ">")],
      about: "write gates, rates and other documents of the control store",
    },
    {
      subjects: [`$JS.API.DIRECT.GET.${controlStream}.${controlSubject(names, ">")}`],
      about: "see their changes",
    },
    { subjects: [`$JS.API.STREAM.PURGE.${controlStream}`], about: "delete them" },
  ];
  const look: Right[] = [
    {
      subjects: streams.map((one) => `$JS.API.STREAM.INFO.${one}`),
      about: "check the streams; count what they hold",
    },
    {
      subjects: consumers.map((one) => `$JS.API.CONSUMER.INFO.${stream}.${one}`),
      about: "check the consumers; count what is in hand",
    },
  ];
  const worker: Right[] = [
    { subjects: laneSubjects(names), about: "redrive; bring back what was stuck" },
    ...look,
    {
      subjects: consumers.map((one) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.${one}`),
      about: "ask for messages",
    },
    {
      subjects: consumers.map((one) => `$JS.ACK.${stream}.${one}.>`),
      about: "settle and extend them",
    },
    { subjects: deadLetterSubjects(names).now, about: "write dead letters; restore them" },
    { subjects: trashSubjects(names), about: "discard them into the trash" },
    {
      subjects: streams.map((one) => `$JS.API.STREAM.MSG.GET.${one}`),
      about:
        "read dead letters, records, which clusters A and B are, documents, the oldest of a lane, what is stuck and what is in no lane",
    },
    {
      subjects: letters.map((one) => `$JS.API.DIRECT.GET.${one}`),
      about: "look through dead letters and trash many by one request; without it one by one",
    },
    {
      subjects: letters.flatMap((one) => [
        `$JS.API.CONSUMER.CREATE.${one}.*`,
        `$JS.API.CONSUMER.MSG.NEXT.${one}.*`,
      ]),
      about:
        "count and group them by their headers; without it with their bodies. Whoever has it can have them sent to any subject of the account",
    },
    { subjects: [clusterSubject(names)], about: "record which clusters A and B are" },
    {
      subjects: [`$KV.${bucket}.attempts.*.*`, `$KV.${bucket}.executing.*`, `$KV.${bucket}.ended.>`],
      about: "write down failures, what is being executed, and how dead letters end",
    },
    { subjects: [`$JS.API.STREAM.PURGE.${bucketStream}`], about: "forget the failures of what has gone" },
    {
      subjects: letters.map((one) => `$JS.API.STREAM.MSG.DELETE.${one}`),
      about: "end a dead letter by redrive or discard, and one in the trash by restore or for good",
    },
    {
      subjects: [`$JS.API.STREAM.MSG.DELETE.${stream}`],
      about: "bring back what was stuck; discard what is in no lane",
    },
    examination,
    ...documents,
  ];
  // No lane, no dead letter: what is to become of them pods do, by its documents.
  const operator: Right[] = [
    ...look,
    {
      subjects: [stream, ...letters, controlStream].map((one) => `$JS.API.STREAM.MSG.GET.${one}`),
      about: "read the oldest of a lane, dead letters, the trash and documents",
    },
    {
      subjects: letters.map((one) => `$JS.API.DIRECT.GET.${one}`),
      about: "look through dead letters and trash many by one request; without it one by one",
    },
    examination,
    ...documents,
  ];
  const provisioner: Right[] = [
    ...look,
    { subjects: streams.map((one) => `$JS.API.STREAM.CREATE.${one}`), about: "make the streams" },
    {
      subjects: LANES.map(
        (lane) => `$JS.API.CONSUMER.CREATE.${stream}.${consumerOf(lane)}.${subjectOf(names, lane)}`,
      ),
      about: "make the consumers, and change them",
    },
  ];
  const updater: Right[] = [
    ...provisioner,
    { subjects: streams.map((one) => `$JS.API.STREAM.UPDATE.${one}`), about: "change the streams" },
  ];
  return { application, worker, operator, provisioner, updater };
}

/**
 * What a user of a role has to be allowed, as `permissions` of the server's configuration.
 *
 * @throws TypeError for an option.
 */
export function natsPermissions(
  role: NatsRole,
  options: NatsPermissionOptions = {},
): { readonly publish: string[]; readonly subscribe: string[] } {
  const { inboxPrefix, ...names } = readPermissionOptions(options);
  const rights = rightsOf(namesOf(names))[role];
  return { publish: rights.flatMap(({ subjects }) => subjects), subscribe: [`${inboxPrefix}.>`] };
}
