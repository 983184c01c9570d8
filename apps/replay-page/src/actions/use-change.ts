import { useEffect, useRef, useState } from "preact/hooks";
import type { Asked, Request } from "../api/client.ts";
import { asRefusal, type Refusal } from "../api/refusal.ts";
import { changed, usePod } from "../pod.ts";
import { keep } from "../session.ts";
import { useDialogs } from "./dialog.tsx";
import { isDoubtful } from "./refusal-text.ts";

interface Sent extends Pick<Asked, "params"> {
  readonly body: Readonly<Record<string, unknown>> & { readonly by: string };
}

export interface Change {
  readonly isBusy: boolean;
  readonly refusal: Refusal | undefined;
  /** Resolves when it is done, or refused. */
  send(name: Request, asked: Sent): Promise<void>;
}

/**
 * What one dialog orders, which is called so. It has one key, made when the dialog is opened: what is pressed twice, or sent again since the answer was lost, is
 * done once. Done, it closes the dialog; one that was left before is told of.
 */
export function useChange(title: string): Change {
  const pod = usePod();
  const { close, tell } = useDialogs();
  const isLeft = useRef(false);
  useEffect(
    () => () => {
      isLeft.current = true;
    },
    [],
  );
  const [key] = useState(newKey);
  const isUnderWay = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  return {
    isBusy,
    refusal,
    async send(name, asked) {
      if (isUnderWay.current) return;
      isUnderWay.current = true;
      setBusy(true);
      setRefusal(undefined);
      keep("helix-by", asked.body.by);
      try {
        await pod.client.ask(name, { ...asked, key });
        if (isLeft.current) tell(`${title}: done, after its dialog was left.`);
        else close();
      } catch (error) {
        const why = asRefusal(error);
        const doubt = isDoubtful(why) ? " It may have been done all the same." : "";
        if (isLeft.current) tell(`${title}, after its dialog was left: ${why.message}${doubt}`);
        else setRefusal(why);
      }
      isUnderWay.current = false;
      setBusy(false);
      changed(pod);
    },
  };
}

/** Browsers have `crypto.randomUUID` over TLS alone. */
function newKey(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
