import type { ControlStore } from "@helix/core";
import { changeDocument, isObject } from "@helix/core/internal";

/** Where the ids of jobs lie that are not over, so that pods need not look through all of them. */
export const OPEN_JOBS_KEY = "open-jobs";
/** More are not looked at, whoever has written them there. */
const MOST = 100;
const ID = /^[0-9a-f]{20}$/;

export function isJobId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

/** The ids that the document names: a hint, what is true of a job is in its own. None where it is no such document. */
export function openJobsIn(value: unknown): readonly string[] {
  const { ids } = isObject(value) ? value : {};
  return Array.isArray(ids) ? ids.filter(isJobId).slice(-MOST) : [];
}

/** Rejects as the store does. */
export async function listJob(control: ControlStore, id: string): Promise<void> {
  await changeDocument(control, OPEN_JOBS_KEY, undefined, (value) => ({ ids: [...others(value, id), id] }));
}

/** Rejects as the store does. */
export async function unlistJob(control: ControlStore, id: string): Promise<void> {
  const found = await control.get(OPEN_JOBS_KEY);
  if (!openJobsIn(found?.value).includes(id)) return;
  await changeDocument(control, OPEN_JOBS_KEY, undefined, (value) => ({ ids: others(value, id) }));
}

function others(value: unknown, id: string): readonly string[] {
  return openJobsIn(value).filter((one) => one !== id);
}
