import type { RequestOf } from "@helix/admin-api";
import { helixError } from "@helix/core";
import { cancelJob, countForJob, getJob, type JobVerb, listJobs, startJob } from "@helix/operations";
import type { Handlers, Subject } from "./handlers.ts";

type Start = Pick<RequestOf<"startRedrive">, "body" | "key">;

const started =
  (verb: JobVerb, force = false) =>
  async (subject: Subject, { body, key }: Start) => ({
    job: await startJob(subject, { ...body, verb, force, idempotencyKey: key }),
  });

export const jobHandlers = {
  async jobs(subject, { query: { limit, cursor } }) {
    const { jobs } = await listJobs(subject);
    // After the last job of the page before, which may have been forgotten since.
    const from = cursor === undefined ? 0 : jobs.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && from === 0) {
      throw helixError("HELIX_CURSOR_INVALID", "The `cursor` is no job that is kept", { why: "expired" });
    }
    const page = jobs.slice(from, from + limit);
    return { jobs: page, cursor: from + limit < jobs.length ? page.at(-1)?.id : undefined };
  },
  jobCount: (subject, { query: { verb, ...filter } }) => countForJob(subject, { verb, filter }),
  job: async (subject, { params: { id } }) => ({ job: await getJob(subject, id) }),
  startRedrive: started("redrive"),
  startForcedRedrive: started("redrive", true),
  startDiscard: started("discard"),
  startRestore: started("restore"),
  startEmpty: started("empty"),
  cancelJob: async (subject, { params: { id }, body }) => ({ job: await cancelJob(subject, id, body) }),
} satisfies Partial<Handlers>;
