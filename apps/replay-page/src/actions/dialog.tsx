import { type ComponentChild, type ComponentChildren, createContext, Fragment } from "preact";
import { useContext, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

interface Dialogs {
  /**
   * In place of the one that is open.
   *
   * @param backTo The id of what gets the focus afterwards, where what had it before may go. @default that
   */
  open(dialog: ComponentChild, backTo?: string): void;
  close(): void;
  /** Of what was ordered in one that is not open any more. */
  tell(news: string): void;
}

const DialogContext = createContext<Dialogs>({ open() {}, close() {}, tell() {} });

export function useDialogs(): Dialogs {
  return useContext(DialogContext);
}

/** One dialog at a time. When it is closed, the focus goes back to what had it before the first of them. */
export function DialogHost({ children }: { readonly children: ComponentChildren }) {
  const [dialog, setDialog] = useState<{ readonly content: ComponentChild; readonly key: number }>();
  const [news, setNews] = useState<readonly string[]>([]);
  const opener = useRef<Element | null>(null);
  const dialogs = useMemo<Dialogs>(
    () => ({
      open: (content, backTo) =>
        setDialog((before) => {
          if (before === undefined) {
            opener.current = backTo === undefined ? document.activeElement : document.getElementById(backTo);
          }
          return { content, key: (before?.key ?? 0) + 1 };
        }),
      close: () => setDialog(undefined),
      tell: (one) => setNews((before) => [...before, one]),
    }),
    [],
  );
  const isOpen = dialog !== undefined;
  useLayoutEffect(() => {
    const { current: before } = opener;
    if (isOpen || before === null) return;
    opener.current = null;
    // What was done may have taken away what it was ordered by.
    const back = before.isConnected ? before : document.querySelector("h2");
    if (back instanceof HTMLElement) back.focus();
  }, [isOpen]);
  return (
    <DialogContext.Provider value={dialogs}>
      <div class="news" role="status">
        {news.map((one, at) => (
          <p key={String(at)}>{one}</p>
        ))}
        {news.length > 0 && (
          <button type="button" onClick={() => setNews([])}>
            I have read it
          </button>
        )}
      </div>
      {children}
      {dialog !== undefined && <Fragment key={dialog.key}>{dialog.content}</Fragment>}
    </DialogContext.Provider>
  );
}

export function Dialog({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const { close } = useDialogs();
  useLayoutEffect(() => {
    const { current: dialog } = ref;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={ref} aria-labelledby={id} onCancel={close}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
