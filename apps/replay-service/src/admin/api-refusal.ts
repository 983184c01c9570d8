import type { ServerResponse } from "node:http";
import { API_ERRORS, type ApiErrorBody, type ApiErrorCode } from "@helix/admin-api";

type Fields = Omit<ApiErrorBody["error"], "code" | "message">;

/** What the API answers instead of what was asked for. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;
  readonly body: ApiErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: ApiErrorBody["error"], headers: Readonly<Record<string, string>> = {}) {
    super(error.message);
    this.status = status;
    this.body = { error };
    this.headers = headers;
  }
}

/** One of the API's own. @param message Its meaning, unless there is more to say. */
export function apiRefusal(
  code: ApiErrorCode,
  fields: Fields & { readonly message?: string } = {},
  headers: Readonly<Record<string, string>> = {},
): ApiRefusal {
  const [status, about] = API_ERRORS[code];
  return new ApiRefusal(status, { code, message: about, ...fields }, headers);
}

/** Before anything has been answered. */
export function sendRefusal(response: ServerResponse, { status, body, headers }: ApiRefusal): void {
  response.writeHead(status, { ...ANSWER_HEADERS, ...headers });
  response.end(JSON.stringify(body));
}

/** Nothing keeps an answer, guesses what it is, or shows it in a frame. */
export const ANSWER_HEADERS = Object.freeze({
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
});
