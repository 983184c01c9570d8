import type { AnswerOf } from "@helix/admin-api";
import type { DeadLetterFilter } from "@helix/core";
import { BULK, type BulkVerb } from "../actions/bulk.ts";
import { BulkDialog } from "../actions/bulk-dialog.tsx";
import { useDialogs } from "../actions/dialog.tsx";
import { type Box, filterText, hasConditions, hashOf, type Place } from "../address.ts";
import { may, usePod, usePolled } from "../pod.ts";
import { ago, counted, quantity } from "../words.ts";
import { FilterForm } from "./filter-form.tsx";
import { LetterList } from "./letter-list.tsx";
import { Section } from "./section.tsx";
import { type Column, Table } from "./table.tsx";

type Groups = AnswerOf<"deadLetterGroups">;
type Group = Groups["groups"][number];

const MOST_GROUPS = 50;
/** To group a hundred thousand takes most of a second of the pod's processor; a few thousand, nothing to speak of. */
const MANY = 10_000;
const MANY_EVERY_MS = 15_000;
const FEW_EVERY_MS = 4_000;

interface DeadLettersProps {
  readonly place: Place;
  /** By the pod's clock. */
  readonly nowMs: number;
}

/** Letters in groups; and one by one where the address has a filter. */
export function DeadLetters({ place: { box, filter, mistake }, nowMs }: DeadLettersProps) {
  const { client, onChange } = usePod();
  const here = hashOf(box, filter);
  const seen = usePolled(here, {
    ask: (signal) =>
      client.ask(box === "dead" ? "deadLetterGroups" : "trashGroups", {
        query: { ...filter, limit: MOST_GROUPS },
        signal,
      }),
    everyMs: (last) => (last !== undefined && lettersIn(last) < MANY ? FEW_EVERY_MS : MANY_EVERY_MS),
    onChange,
  });
  const { value } = seen;
  return (
    <Section id="letters" title="Dead letters" aside={<Boxes box={box} />} seen={seen}>
      {mistake !== undefined && (
        <p class="problem" role="alert">
          The address has a filter that makes no sense, so all letters are shown. {mistake}
        </p>
      )}
      <FilterForm key={here} box={box} filter={filter} nowMs={nowMs} />
      {hasConditions(filter) && (
        <p>
          Those with {filterText(filter)}. <a href={hashOf(box)}>Show all</a>
        </p>
      )}
      {value !== undefined && (
        <>
          {/* Before fifty kinds, which are many screens on a phone or with large letters. */}
          {value.groups.length > 0 && <Bulk box={box} filter={filter} nowMs={nowMs} />}
          <GroupTable box={box} filter={filter} found={value} nowMs={nowMs} />
          {value.groups.length > 0 && hasConditions(filter) && (
            <LetterList key={here} box={box} filter={filter} groups={value} nowMs={nowMs} />
          )}
        </>
      )}
    </Section>
  );
}

function Boxes({ box }: { readonly box: Box }) {
  return (
    <nav aria-label="Where letters lie">
      <a href={hashOf("dead")} aria-current={box === "dead" ? "page" : undefined}>
        Kept
      </a>
      <a href={hashOf("trash")} aria-current={box === "trash" ? "page" : undefined}>
        Discarded
      </a>
    </nav>
  );
}

interface BulkProps {
  readonly box: Box;
  readonly filter: DeadLetterFilter;
  readonly nowMs: number;
}

/** What may be done with all that the filter finds. */
function Bulk({ box, filter, nowMs }: BulkProps) {
  const pod = usePod();
  const { open } = useDialogs();
  const verbs: readonly BulkVerb[] = box === "dead" ? ["redrive", "discard"] : ["restore"];
  return (
    <div class="buttons">
      {verbs.map((verb) => (
        <button
          key={verb}
          type="button"
          disabled={!may(pod, BULK[verb].right)}
          onClick={() => open(<BulkDialog verb={verb} filter={filter} nowMs={nowMs} />)}
        >
          {BULK[verb].title} {hasConditions(filter) ? "these" : "all"} …
        </button>
      ))}
    </div>
  );
}

interface GroupTableProps extends BulkProps {
  readonly found: Groups;
}

function GroupTable({ box, filter, found, nowMs }: GroupTableProps) {
  const { groups, total } = found;
  if (groups.length === 0) return <p>There are none{hasConditions(filter) && " with these conditions"}.</p>;
  const letters = lettersIn(found);
  const more = total - groups.length;
  const columns: readonly Column<Group>[] = [
    {
      title: "Count",
      of: (group) => (
        <a
          href={hashOf(box, narrowed(filter, group))}
          aria-label={`Show these ${quantity(group.count)}: ${kindText(group)}`}
        >
          {quantity(group.count)}
        </a>
      ),
      align: "right",
    },
    { title: "Cluster", of: ({ cluster }) => cluster },
    { title: "Tables", of: ({ tables }) => tables.join(", ") || "–", isLong: true },
    { title: "Reason", of: ({ reason }) => reason },
    { title: "Code", of: ({ errorCode }) => errorCode ?? "–", isLong: true },
    { title: "Died again", of: ({ redrivenBefore }) => quantity(redrivenBefore), align: "right" },
    { title: "First", of: ({ firstDiedAtMs }) => ago(firstDiedAtMs, nowMs), align: "right" },
    { title: "Last", of: ({ lastDiedAtMs }) => ago(lastDiedAtMs, nowMs), align: "right" },
  ];
  return (
    <>
      <p>
        {more > 0 && "At least "}
        {counted(letters, "letter")} of {counted(total, "kind")}
        {more > 0 && `, of which the ${groups.length} largest are shown`}.
      </p>
      <Table
        caption="Letters by cluster, tables, reason and code"
        columns={columns}
        rows={groups}
        keyOf={kindText}
      />
    </>
  );
}

/** For whoever hears a link without its row. */
function kindText({ cluster, tables, reason, errorCode }: Group): string {
  const told = [`cluster ${cluster}`, tables.join(", "), reason, errorCode];
  return told.filter((one) => one !== undefined && one !== "").join(", ");
}

/** Of the groups that are shown. */
function lettersIn({ groups }: Groups): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** What the filter finds of a group, as near as conditions can say it. */
function narrowed(filter: DeadLetterFilter, { cluster, tables, reason, errorCode }: Group): DeadLetterFilter {
  return {
    ...filter,
    cluster,
    reason,
    ...(filter.table === undefined && tables[0] !== undefined && { table: tables[0] }),
    ...(errorCode !== undefined && { errorCode }),
  };
}
