import type { IncomingMessage, ServerResponse } from "node:http";
import { CODINGS, type PageFile } from "./page.ts";

/** Scripts and styles of the pod's own alone, requests to it alone, no frame around it, and no word of where somebody came from. */
const HEADERS = Object.freeze({
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  vary: "accept-encoding",
});

/** Answers a GET or a HEAD. */
export function sendPageFile(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { status, headers: own, body, coded }: PageFile,
): void {
  const all = { ...HEADERS, ...own };
  if (knows(headers["if-none-match"], own.etag)) {
    response.writeHead(304, all).end();
    return;
  }
  const coding = CODINGS.find((one) => accepts(headers["accept-encoding"], one));
  const sent = (coding && coded[coding]) ?? body;
  response.writeHead(status, {
    ...all,
    "content-length": sent.length,
    ...(coding && { "content-encoding": coding }),
  });
  response.end(sent);
}

/** RFC 9110, 13.1.2: compared without regard to what makes a tag weak. */
function knows(header: string | undefined, etag: string | undefined): boolean {
  return header?.split(",").some((one) => one.trim() === etag) ?? false;
}

/** RFC 9110, 12.5.3: what has no weight, or one that is not zero. */
function accepts(header: string | string[] | undefined, coding: string): boolean {
  const items = String(header ?? "")
    .toLowerCase()
    .split(",");
  return items.some((item) => {
    const [name = "", weight = "q=1"] = item.split(";").map((part) => part.trim());
    return name === coding && Number(weight.replace(/^q=/, "")) > 0;
  });
}
