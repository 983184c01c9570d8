import type { Readable } from "node:stream";

/** Where text goes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Of a terminal: how wide it is. */
  readonly columns?: number | undefined;
}

/** What of `process` is touched here. */
export interface Host {
  /** Without Node and the program. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Who works here. It may throw where nobody has a name. */
  user(): string;
  /** Instead of the end of the process, once, with the exit code that it would have had. Returns what takes it back. */
  onInterrupt(listener: (exit: number) => void): () => void;
}
