import { createPayload, helixError, type MessageContent, type ReplayMessage } from "@helix/core";
import { describe, expect, it } from "vitest";
import { type Admission, admit } from "./admission.ts";
import { FailureLedger } from "./failure-ledger.ts";

const MAX_DELIVER = 3;
const payload = createPayload({
  id: "m",
  targetCluster: "A",
  priority: "low",
  operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [1] },
  timestampMicros: 1n,
});
const error = helixError("HELIX_PAYLOAD_INVALID", "What is this?", {});
const undecodable: MessageContent = { ok: false, raw: new Uint8Array(1), error };
const held: MessageContent = { ok: true, payload: { ...payload, disposition: "hold" } };

interface Case {
  readonly message?: Partial<Pick<ReplayMessage, "lane" | "content" | "attempts" | "expired" | "suspect">>;
  /** What this worker remembers of it. */
  readonly before?: (ledger: FailureLedger) => void;
  readonly isClosed?: boolean;
  readonly admitsSuspect?: boolean;
}

const failedHere = (ledger: FailureLedger) => void ledger.unserved("m.0");
const waitedHere = (ledger: FailureLedger) => void [ledger.unserved("m.0"), ledger.postponed("m.0", false)];

function inWords(admission: Admission): string {
  if (admission.kind === "hold") return `hold ${admission.item.kind}`;
  return admission.kind === "postpone" ? "postpone" : `dead-letter ${admission.cause.reason}`;
}

describe("what becomes of a message that has arrived", () => {
  it.each<[string, Case, string]>([
    ["new", {}, "hold fresh"],
    ["new, during an outage", { isClosed: false }, "hold fresh"],
    ["undecodable", { message: { content: undecodable, expired: true } }, "dead-letter undecodable"],
    ["for the other cluster", { message: { lane: "low.B" } }, "dead-letter undecodable"],
    ["of the other priority", { message: { lane: "high.A" } }, "dead-letter undecodable"],
    ["held", { message: { content: held, expired: true } }, "dead-letter held"],
    ["expired", { message: { expired: true, attempts: MAX_DELIVER } }, "dead-letter expired"],
    ["out of attempts", { message: { attempts: MAX_DELIVER, suspect: true } }, "dead-letter attempts"],
    ["with its last attempt", { message: { attempts: MAX_DELIVER - 1 } }, "hold retry"],
    ["failed here", { before: failedHere }, "hold retry"],
    ["failed here, an outage", { before: failedHere, isClosed: false }, "postpone"],
    ["failed here, an outage, and passed over once", { before: waitedHere, isClosed: false }, "hold retry"],
    ["failed elsewhere, an outage", { message: { attempts: 1 }, isClosed: false }, "postpone"],
    ["a suspect that failed", { message: { suspect: true, attempts: 1 } }, "hold suspect"],
    ["a suspect too many", { message: { suspect: true }, admitsSuspect: false }, "postpone"],
    ["a suspect, an outage", { message: { suspect: true }, isClosed: false }, "postpone"],
  ])("%s", (_, { message, before, isClosed = true, admitsSuspect = true }, expected) => {
    const ledger = new FailureLedger();
    before?.(ledger);
    const arrived = {
      lane: "low.A",
      content: { ok: true, payload },
      attempts: 0,
      ...message,
    } as ReplayMessage;
    const admission = admit(arrived, {
      maxDeliver: MAX_DELIVER,
      ledger,
      isClosed: () => isClosed,
      admitsSuspect: (item) => item.kind === "suspect" && admitsSuspect && isClosed,
    });
    expect(inWords(admission)).toBe(expected);
    if (admission.kind === "hold")
      expect(admission.item).toMatchObject({ message: arrived, priority: "low" });
  });
});
