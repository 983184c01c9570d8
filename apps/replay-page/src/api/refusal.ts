import type { ApiErrorBody } from "@helix/admin-api";

/** Of a pod, and not of a proxy that wants another login. */
export const TOKEN_REFUSED = "HELIX_API_TOKEN_REFUSED";

type Told = Partial<ApiErrorBody["error"]>;

/** What came instead of what was asked for, in words for whoever looks at the page. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** Of the answer; 0: there was none. */
  readonly status: number;
  readonly code: string | undefined;
  /** How many letters there are now. */
  readonly count: number | undefined;
  /** What somebody else has made of it. */
  readonly current: unknown;

  constructor(status: number, error: unknown) {
    const told: Told = typeof error === "object" && error !== null ? error : {};
    super(textOf(status, told));
    this.status = status;
    this.code = typeof told.code === "string" ? told.code : undefined;
    this.count = typeof told.count === "number" ? told.count : undefined;
    this.current = told.current;
  }
}

function textOf(status: number, { code, message, issues, right }: Told): string {
  if (status === 0) return "The pod does not answer.";
  if (code === TOKEN_REFUSED) return "The pod does not know this token, or not any more.";
  if (typeof code !== "string" || typeof message !== "string") {
    return status >= 200 && status <= 299
      ? "What was answered is not from a pod."
      : `It was answered with ${status}, and not by a pod.`;
  }
  if (typeof right === "string") return `This token has not the right “${right}”.`;
  const more = Array.isArray(issues) ? issues.map((one) => ` ${one.path}: ${one.message}.`) : [];
  return [message.replace(/[^.!?]$/, "$&."), ...more].join("");
}

/** Of whatever a request was rejected with. */
export function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(200, undefined);
}
