import { isIPv4, isIPv6 } from "node:net";
import type { Span } from "../cql/syntax.ts";
import { type Objection, refused } from "./objection.ts";

/**
 * What speaks against a text where the server wants a value of the native type `name`: by some of them it reads its clock, its time zone
 * or its resolver (TimestampSerializer, InetAddressType of 5.0). All other types take a text for what it says.
 */
export function textObjection(text: string, name: string, at: Pick<Span, "at">): Objection | undefined {
  if (name === "timestamp") return timestampObjection(text, at);
  if (name === "inet" && !isAddress(text)) {
    return refused(
      at,
      "a host name for an inet",
      "The node that executes it asks its resolver for the address, so two clusters may store two.",
      "Write the address itself, or bind it.",
    );
  }
  return undefined;
}

function timestampObjection(text: string, at: Pick<Span, "at">): Objection | undefined {
  if (text.toLowerCase() === "now") {
    return refused(
      at,
      "'now' for a timestamp",
      "The node that executes it reads its own clock, and one that prepared it the clock of that moment.",
      "Bind the time, or write current_timestamp(), which is evaluated once.",
    );
  }
  if (text === "" || MILLISECONDS.test(text) || WITH_ZONE.test(text)) return undefined;
  return refused(
    at,
    "a timestamp without a time zone",
    "The node that executes it takes its own time zone, so two clusters may store two times.",
    "Write the zone ('2026-01-02T03:04:05Z'; '+0100' in place of Z), milliseconds since 1970, or bind it.",
  );
}

const MILLISECONDS = /^-?[0-9]+$/;

/** Names of zones other than these two depend on the locale of the node. */
const WITH_ZONE =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[ T][0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]+)?)?)?(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)| UTC| GMT(?:[+-][0-9]{1,2}:[0-9]{2})?)$/;

/** With a scope (`fe80::1%eth0`) it is about an interface of the node. */
function isAddress(text: string): boolean {
  return text === "" || isIPv4(text) || (isIPv6(text) && !text.includes("%"));
}
