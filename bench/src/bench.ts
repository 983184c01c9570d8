import type { CassandraPair } from "@helix/testkit";
import type { NatsServer } from "@helix/testkit/nats";
import type { Findings } from "./report/row.ts";

/** What belongs together: rows that are measured on the same things. */
export interface Bench {
  /** As in `pnpm bench NAME`. */
  readonly name: string;
  /** Also a part of the short form, which has neither Cassandra nor much time. @default false */
  readonly short?: boolean;
  /** Only if it is named, since it takes minutes or what not every machine has. @default false */
  readonly onRequest?: boolean;
  run(run: Run): Promise<Findings>;
}

/** What a bench is given. */
export interface Run {
  /** Fewer rounds of less. */
  readonly isShort: boolean;
  /** Sizes that take minutes as well. */
  readonly isHuge: boolean;
  /** One server for all benches, started by the first that asks. */
  nats(): Promise<NatsServer>;
  /** Two real clusters for all benches, started by the first that asks. */
  pair(): Promise<CassandraPair>;
}

/** The first of both in the short form. */
export function sized<T>({ isShort }: Run, short: T, full: T): T {
  return isShort ? short : full;
}
