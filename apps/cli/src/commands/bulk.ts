import type { DeadLetterFilter } from "@helix/core";
import type { JobVerb, LetterBox, LetterGroupPage } from "@helix/operations";
import { Failure, UsageError } from "../failures.ts";
import { filterIn, quoted, typedFilter } from "../input/filter-flags.ts";
import type { Operator } from "../operator/operator.ts";
import { paintFor } from "../output/paint.ts";
import { counted } from "../output/words.ts";
import type { Answer, Session } from "../session.ts";
import { groupsText } from "./dead.ts";
import { followJob, jobAnswer } from "./follow-job.ts";

export interface BulkFlags extends Readonly<Record<string, unknown>> {
  readonly reason: string;
  readonly all?: boolean | undefined;
  readonly expect?: number | undefined;
  readonly yes?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly detach?: boolean | undefined;
  readonly perSecond?: number | undefined;
  readonly force?: boolean | undefined;
  readonly stages?: readonly number[] | undefined;
}

/** What each kind of long work is called, and where its letters lie. */
const WORK = {
  redrive: { command: "redrive", box: "dead", title: "Redrive" },
  discard: { command: "discard", box: "dead", title: "Discard" },
  restore: { command: "restore", box: "trash", title: "Restore" },
  empty: { command: "trash empty", box: "trash", title: "Delete for good" },
} as const satisfies Record<
  JobVerb,
  { readonly command: string; readonly box: LetterBox; readonly title: string }
>;

/** Most that a pod tells of at once. */
const MOST_GROUPS = 200;

/**
 * Shows what would be touched, and how many there are; then it has to be confirmed, by a person or by `--expect` and `--yes`. What is ordered is a
 * job over that many letters: where there are others by then, it is refused.
 */
export async function orderJob(
  session: Session,
  verb: JobVerb,
  ids: readonly string[],
  flags: BulkFlags,
): Promise<Answer> {
  const { command, box, title } = WORK[verb];
  const { reason, all = false, expect, yes, dryRun, detach, perSecond, force, stages } = flags;
  const filter = filterOf(ids, flags, command);
  const typed = `helix dead ${command}${ids.map((id) => ` ${quoted(id)}`).join("")}${typedFilter(flags)}${typedRest(flags)}`;
  const operator = await session.operator();
  const found = await operator.letterGroups(box, filter, { limit: MOST_GROUPS });
  const count = await countOf(operator, { verb, filter, found });
  const seen = { verb, count, groups: found.groups, total: found.total };
  const named = ids.length > 0 ? ids.length : undefined;
  if (expect !== undefined && expect !== count) throw differs(expect, count, typed);
  if (named !== undefined && named !== count) throw differs(named, count, typed);
  if (dryRun || count === 0) {
    return { data: { ...seen, job: null }, text: (paint) => groupsText(found, Date.now(), paint, count) };
  }
  if (yes && expect === undefined && named === undefined) {
    throw new UsageError(
      `There are ${counted(count, "dead letter")}: --yes has to say how many it means`,
      `${typed} --expect ${count} --yes`,
    );
  }
  session.note(groupsText(found, Date.now(), paintFor(session.host.stderr, session.host.env), count));
  const type = `${typed} --expect ${count} --yes`;
  await session.confirm(`${title} ${counted(count, "dead letter")}?`, { yes, type });
  const started = operator.startJob({
    verb,
    ...(all ? { all } : { filter }),
    expect: count,
    ...(force && { force }),
    ...(stages && { stages }),
    ...(perSecond !== undefined && { perSecond }),
    by: session.by,
    why: reason,
    idempotencyKey: crypto.randomUUID(),
  });
  const job = await session.ordered(started, "helix jobs list");
  const answer = detach ? jobAnswer(job) : await followJob(session, operator, job);
  return { ...answer, data: { ...seen, job: answer.data } };
}

/** What was given beside the letters that are meant: what is typed next is the same order. */
function typedRest({ all, force, stages, perSecond, detach, reason }: BulkFlags): string {
  return [
    ...(all ? [" --all"] : []),
    ...(force ? [" --force"] : []),
    ...(stages === undefined ? [] : [` --stages ${stages.join(",")}`]),
    ...(perSecond === undefined ? [] : [` --per-second ${perSecond}`]),
    ...(detach ? [" --detach"] : []),
    ` --reason ${quoted(reason)}`,
  ].join("");
}

/** @throws UsageError where nothing, or two things, say which letters are meant. */
function filterOf(ids: readonly string[], flags: BulkFlags, command: string): DeadLetterFilter {
  const given = filterIn(flags, Date.now());
  const filter = ids.length === 0 ? given : { ...given, ids };
  const hasConditions = Object.keys(filter).length > 0;
  const base = `helix dead ${command}`;
  const reason = `--reason ${quoted(flags.reason)}`;
  if (ids.length > 0 && given.ids !== undefined) {
    throw new UsageError(
      "Expected ids once, got --id as well",
      `${base} ${ids.map(quoted).join(" ")} ${reason}`,
    );
  }
  if (hasConditions && flags.all) {
    throw new UsageError(
      "Expected --all alone, or conditions alone: with both it is not clear what is meant",
      `${base}${typedFilter(flags)} ${reason}`,
      `${base} --all ${reason}`,
    );
  }
  if (hasConditions || flags.all) return filter;
  throw new UsageError(
    "Expected to know which letters are meant",
    `${base} ID ${reason}`,
    `${base} --table shop.users ${reason}`,
    `${base} --all ${reason}`,
  );
}

/** By the groups, where all of them are known. */
async function countOf(
  operator: Operator,
  {
    verb,
    filter,
    found: { groups, total },
  }: { readonly verb: JobVerb; readonly filter: DeadLetterFilter; readonly found: LetterGroupPage },
): Promise<number> {
  if (total <= groups.length) return groups.reduce((sum, group) => sum + group.count, 0);
  const { count, isExact } = await operator.jobCount(verb, filter);
  if (isExact) return count;
  throw new Failure(
    `There are at least ${counted(count, "dead letter")} of ${total} kinds: take fewer at once, by more conditions`,
  );
}

function differs(expected: number, count: number, typed: string): UsageError {
  return new UsageError(
    `Expected ${counted(expected, "dead letter")}, and there ${count === 1 ? "is" : "are"} ${count}. Nothing was changed`,
    ...(count === 0 ? [] : [`${typed} --expect ${count}`]),
  );
}
