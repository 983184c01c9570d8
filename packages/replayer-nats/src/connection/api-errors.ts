/**
 * What an error of the JetStream API means for whoever asked:
 *
 * - `passes`: nobody can answer now: no leader, an election, servers away. Nothing was done; asking again will help.
 * - `busy`: often over within seconds (a store that is still being removed); if not, it is a refusal.
 * - `full`: the stream, the account or the machine has no room. Only somebody who makes room helps.
 * - `too large`: this message is, whenever it is sent.
 * - `missing`: there is no such stream, consumer or message.
 * - `exists`: somebody else has made it, perhaps differently.
 * - `conflict`: the subject's last message is not the expected one.
 * - `refused`: the server will say the same next time.
 */
export type ApiErrorMeaning =
  | "passes"
  | "busy"
  | "full"
  | "too large"
  | "missing"
  | "exists"
  | "conflict"
  | "refused";

/** By the codes of nats-server's `errors.json`, which never change their meaning. What is not here is `refused`. */
const MEANINGS: { readonly [code: number]: ApiErrorMeaning } = {
  10002: "full", // resource limits exceeded for account
  10004: "passes", // incomplete results
  10005: "passes", // no suitable peers for placement: servers are away, or there are too few of them
  10007: "passes", // cluster not assigned to this server
  10008: "passes", // system temporarily unavailable
  10009: "passes", // not the leader
  10012: "busy", // consumer could not be created, in words only
  10013: "exists", // consumer name in use
  10014: "missing", // consumer
  10023: "full", // insufficient resources
  10028: "full", // insufficient memory
  10037: "missing", // message
  10041: "passes", // an error of the Raft group
  10043: "missing", // sequence of a message
  10047: "full", // insufficient storage
  10048: "passes", // stream could not be assigned
  10049: "busy", // stream could not be created, in words only
  10054: "too large", // message
  10058: "exists", // stream name in use with another configuration
  10059: "missing", // stream
  10071: "conflict", // wrong last sequence
  10075: "passes", // peer remap failed
  10097: "too large", // header
  10104: "busy", // no store for the consumer
  10105: "exists", // consumer exists and is active
  10118: "passes", // stream is offline
  10119: "passes", // consumer is offline
  10124: "passes", // stream is being moved
  10148: "exists", // consumer
  10158: "passes", // a message of this id is being stored
  10163: "passes", // last sequence per subject is not known yet
  10164: "conflict", // wrong last sequence, without the number
  10167: "passes", // too many requests
  10194: "passes", // stream is offline, with the reason
  10195: "passes", // consumer is offline, with the reason
  10202: "passes", // cluster members are changing
  10226: "passes", // stream is being reconfigured
};

/** These have one code for several reasons; which it is only the text tells. */
const NO_PEERS = 10005;
const STORE_FAILED = 10077;
const DELETE_FAILED = 10057;
const LIMIT_REACHED = /maximum .*exceeded|no space left|resources/i;

export function meaningOf(errorCode: number, description: string): ApiErrorMeaning {
  if (errorCode === STORE_FAILED) return LIMIT_REACHED.test(description) ? "full" : "passes";
  if (errorCode === DELETE_FAILED) return description === "no message found" ? "missing" : "passes";
  // The servers are all there, and none of them has room.
  if (errorCode === NO_PEERS && /insufficient storage/.test(description) && !/offline/.test(description))
    return "full";
  return MEANINGS[errorCode] ?? "refused";
}
