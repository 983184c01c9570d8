import { useEffect, useState } from "preact/hooks";
import type { Box } from "../address.ts";
import { asRefusal } from "../api/refusal.ts";
import { factsOf, type Letter } from "../parts/letter-facts.ts";
import { may, usePod } from "../pod.ts";
import { AskValues } from "./ask-values.tsx";
import { BULK, type BulkVerb } from "./bulk.ts";
import { BulkDialog } from "./bulk-dialog.tsx";
import { Dialog, useDialogs } from "./dialog.tsx";

interface LetterDialogProps {
  readonly id: string;
  readonly box: Box;
  /** By the pod's clock. */
  readonly nowMs: number;
}

const VERBS: Readonly<Record<Box, readonly BulkVerb[]>> = {
  dead: ["redrive", "discard"],
  trash: ["restore"],
};

/** One letter, without its values unless they are asked for. */
export function LetterDialog({ id, box, nowMs }: LetterDialogProps) {
  const pod = usePod();
  const { open, close } = useDialogs();
  const [letter, setLetter] = useState<Letter>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const left = new AbortController();
    const { signal } = left;
    pod.client.ask(box === "dead" ? "deadLetter" : "trashedLetter", { params: { id }, signal }).then(
      (answer) => setLetter(answer.letter),
      (error: unknown) => signal.aborted || setProblem(asRefusal(error).message),
    );
    return () => left.abort();
  }, []);
  return (
    <Dialog title={`${box === "dead" ? "Dead letter" : "Discarded letter"} ${id}`}>
      {problem !== undefined && <p class="problem">{problem}</p>}
      {letter === undefined && problem === undefined && <p class="quiet">Asking the pod …</p>}
      {letter !== undefined && (
        <dl>
          {factsOf(letter, nowMs).map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      {letter !== undefined && <AskValues id={id} box={box} />}
      <div class="buttons">
        {VERBS[box].map((verb) => (
          <button
            key={verb}
            type="button"
            disabled={letter === undefined || !may(pod, BULK[verb].right)}
            onClick={() => open(<BulkDialog verb={verb} filter={{ ids: [id] }} nowMs={nowMs} />)}
          >
            {BULK[verb].title} …
          </button>
        ))}
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
