import type { Refusal } from "../api/refusal.ts";

/** Of a pod that does not know itself what has become of it. */
const DOUBTFUL: ReadonlySet<string> = new Set([
  "HELIX_API_INTERNAL",
  "HELIX_API_TIMEOUT",
  "HELIX_PAGE_UNEXPECTED",
  "HELIX_QUEUE_TIMEOUT",
]);

/** Whether it may have been done all the same: whoever has answered, if anybody has, is no pod, or does not know. */
export function isDoubtful({ status, code }: Pick<Refusal, "status" | "code">): boolean {
  return code === undefined ? status < 400 || status >= 500 : DOUBTFUL.has(code);
}

/** What stands in a dialog whose order was refused. */
export function refusalText({ status, code, message }: Pick<Refusal, "status" | "code" | "message">): string {
  if (isDoubtful({ status, code })) {
    return `${message} It may have been done all the same: to press again is safe, it is not done twice.`;
  }
  if (code?.endsWith("_KEY_REUSED")) {
    return "What was sent first from here has been done. Leave this, look at what there is now, and begin anew.";
  }
  return message;
}
