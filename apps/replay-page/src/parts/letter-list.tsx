import type { AnswerOf } from "@helix/admin-api";
import type { DeadLetterFilter } from "@helix/core";
import { useEffect, useState } from "preact/hooks";
import { useDialogs } from "../actions/dialog.tsx";
import { LetterDialog } from "../actions/letter-dialog.tsx";
import type { Box } from "../address.ts";
import { asRefusal } from "../api/refusal.ts";
import { usePod } from "../pod.ts";
import { ago, quantity } from "../words.ts";
import type { Letter } from "./letter-facts.ts";
import { type Column, Table } from "./table.tsx";

const PAGE = 25;

interface LetterListProps {
  readonly box: Box;
  readonly filter: DeadLetterFilter;
  /** When they are others the page is asked for again. */
  readonly groups: AnswerOf<"deadLetterGroups">;
  readonly nowMs: number;
}

interface Page {
  readonly letters: readonly Letter[];
  readonly cursor?: string | undefined;
}

/** One page at a time, the oldest first. */
export function LetterList({ box, filter, groups, nowMs }: LetterListProps) {
  const { client } = usePod();
  const { open } = useDialogs();
  const [from, setFrom] = useState<string>();
  const [page, setPage] = useState<Page>();
  const [problem, setProblem] = useState<string>();
  const counts = JSON.stringify(groups.groups.map(({ sampleId, count }) => [sampleId, count]));
  useEffect(() => {
    const left = new AbortController();
    const { signal } = left;
    const query = { ...filter, limit: PAGE, cursor: from };
    client.ask(box === "dead" ? "deadLetters" : "trash", { query, signal }).then(
      (answer) => {
        setPage(answer);
        setProblem(undefined);
      },
      (error: unknown) => signal.aborted || setProblem(asRefusal(error).message),
    );
    return () => left.abort();
  }, [from, counts]);
  const columns: readonly Column<Letter>[] = [
    {
      title: "Id",
      of: ({ id }) => (
        <button
          type="button"
          class="link"
          onClick={() => open(<LetterDialog id={id} box={box} nowMs={nowMs} />)}
        >
          {id}
        </button>
      ),
    },
    { title: "Lane", of: ({ priority, cluster }) => `${priority}.${cluster}` },
    { title: "Died", of: ({ diedAtMs }) => ago(diedAtMs, nowMs), align: "right" },
    { title: "Reason", of: ({ reason }) => reason },
    { title: "Last failure", of: ({ error }) => error?.message ?? "–", isLong: true },
    { title: "Redriven", of: ({ write }) => (write ? quantity(write.life) : "–"), align: "right" },
    { title: "Tables", of: ({ write }) => write?.tables.join(", ") || "–", isLong: true },
  ];
  const discarded: Column<Letter> = {
    title: "Discarded",
    isLong: true,
    of: ({ discarded: d }) =>
      d && [ago(d.atMs, nowMs), d.by, d.why].filter((one) => one !== undefined).join(", "),
  };
  return (
    <div class="letters">
      <h3>One by one, the oldest first</h3>
      {problem !== undefined && <p class="problem">{problem}</p>}
      {page === undefined && problem === undefined && <p class="quiet">Asking the pod …</p>}
      {page !== undefined && (
        <>
          <Table
            caption="Letters, the oldest first"
            columns={box === "trash" ? [...columns, discarded] : columns}
            rows={page.letters}
            keyOf={({ id }) => id}
          />
          <div class="buttons">
            <button type="button" disabled={from === undefined} onClick={() => setFrom(undefined)}>
              First page
            </button>
            <button type="button" disabled={page.cursor === undefined} onClick={() => setFrom(page.cursor)}>
              Next page
            </button>
          </div>
        </>
      )}
    </div>
  );
}
