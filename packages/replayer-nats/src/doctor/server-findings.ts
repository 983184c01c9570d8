import type { Finding } from "@helix/core";
import { isAtLeast, MINIMUM, SUPPORTED } from "../connection/server-version.ts";

/** Further apart than that ages are wrong by something that people notice. Milliseconds. */
const OFFSET_MS = 1000;

export function versionFindings(version: string): Finding[] {
  const where = `NATS server ${version}`;
  if (!isAtLeast(version, MINIMUM)) {
    return [
      {
        code: "server-faulty",
        harm: "loss",
        where,
        what: "This version brings acknowledged messages back; before 2.10.23 it may also lose a whole stream when it is killed.",
        cure: `Run ${MINIMUM.join(".")} at least, better a version that is still maintained (${SUPPORTED.join(".")} and later).`,
      },
    ];
  }
  if (isAtLeast(version, SUPPORTED)) return [];
  return [
    {
      code: "server-unmaintained",
      harm: "advice",
      where,
      what: "Nobody mends this version any more.",
      cure: `Run ${SUPPORTED.join(".")} or later.`,
    },
  ];
}

/** @param isTrusted Whether anything expires in spite of it. */
export function clockFindings(offsetMs: number, isTrusted: boolean): Finding[] {
  if (Math.abs(offsetMs) <= OFFSET_MS) return [];
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
  return [
    {
      code: "clock-offset",
      harm: isTrusted ? "advice" : "standstill",
      where: "the NATS servers",
      what: `Their clock is ${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} that of this process: ages are wrong by as much${isTrusted ? "" : ", and until the two agree no message expires"}.`,
      cure: "Let both machines follow the same time servers.",
    },
  ];
}

/** What `$SYS.REQ.USER.INFO` answers, as far as it is looked at: it is read, not believed. */
interface UserInfo {
  readonly data?: {
    readonly permissions?: { readonly publish?: { readonly allow?: unknown } | undefined } | undefined;
  };
}

/**
 * What this connection may publish to beyond what the queue needs.
 *
 * @param needed As `natsPermissions` has it.
 */
export function rightFindings(answer: unknown, needed: readonly string[]): Finding[] {
  const allow = (answer as UserInfo | null)?.data?.permissions?.publish?.allow;
  const cure = "Give it the permissions that `natsPermissions` makes for its role.";
  const where = "the user of NATS";
  if (!Array.isArray(allow) || allow.length === 0) {
    return [
      {
        code: "all-rights",
        harm: "exposure",
        where,
        what: "It may publish to everything: whoever has its password can delete the streams.",
        cure,
      },
    ];
  }
  const more = allow.filter((subject) => typeof subject === "string" && !needed.includes(subject));
  if (more.length === 0) return [];
  const shown = more.slice(0, 5).join(", ");
  return [
    {
      code: "more-rights",
      harm: "exposure",
      where,
      what: `It may publish to what the queue does not need: ${shown}${more.length > 5 ? `, and ${more.length - 5} more` : ""}.`,
      cure,
    },
  ];
}
