import type { Params } from "@helix/core";
import { expected } from "@helix/core/internal";
import type { ExecuteOptions } from "./request-options.ts";
import type { Result } from "./result.ts";

/** Takes a row, and its place in its page from 0. */
export type RowCallback<Row> = (n: number, row: Row) => void;

/** Takes the failure, or the last page that was read, with the `rowLength` of all of them. */
export type EachRowCallback<Row> = (error: unknown, result?: Result<Row>) => void;

export interface EachRowRequest<Row> {
  readonly params: Params | undefined;
  readonly options: ExecuteOptions;
  readonly rowCallback: RowCallback<Row>;
  readonly callback: EachRowCallback<Row> | undefined;
}

/** @throws TypeError without a function that takes the rows. */
export function readEachRow<Row>(args: readonly unknown[]): EachRowRequest<Row> {
  const at = args.findIndex((arg) => typeof arg === "function");
  if (at < 0) throw new TypeError(expected("rowCallback", "a function", args[2]));
  const [params, options] = args.slice(0, at);
  return {
    params: (params ?? undefined) as Params | undefined,
    options: (options ?? {}) as ExecuteOptions,
    rowCallback: args[at] as RowCallback<Row>,
    callback: args[at + 1] as EachRowCallback<Row> | undefined,
  };
}

/**
 * Calls back for each row of the first page, and of all of them with `autoPage`; then once with the end. Without
 * `autoPage` the `nextPage` of the result does the same for the page that follows. What `rowCallback` throws ends it;
 * what `callback` throws is an uncaught exception, as it is with the driver.
 */
export function visitRows<Row>(
  first: Promise<Result<Row>>,
  { options, rowCallback }: Pick<EachRowRequest<Row>, "options" | "rowCallback">,
  callback: EachRowCallback<Row>,
): void {
  let rowLength = 0;
  const end: EachRowCallback<Row> = (...outcome) => queueMicrotask(() => callback(...outcome));
  const visit = (page: Result<Row>): void => {
    for (const [n, row] of page.rows.entries()) rowCallback(n, row);
    rowLength += page.rowLength;
    const { nextPage } = page;
    page.rowLength = rowLength;
    if (nextPage !== null) {
      page.nextPage = () => {
        const next = nextPage();
        visitLater(next);
        return next;
      };
    }
    if (options.autoPage === true && page.nextPage !== null) void page.nextPage();
    else end(null, page);
  };
  const visitLater = (page: Promise<Result<Row>>) => void page.then(visit).catch(end);
  visitLater(first);
}
