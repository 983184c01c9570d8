import type { ComponentChildren } from "preact";

export interface Column<R> {
  readonly title: string;
  readonly of: (row: R) => ComponentChildren;
  readonly align?: "right" | undefined;
  /** Its texts are long: in a card it has a line of its own. */
  readonly isLong?: boolean | undefined;
}

interface TableProps<R> {
  readonly caption: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string;
}

/** The first column names the row. On a narrow screen each row is a card, in which each cell has the title of its column. */
export function Table<R>({ caption, columns, rows, keyOf }: TableProps<R>) {
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, align }) =>
            title === "" ? (
              <td key={title} />
            ) : (
              <th key={title} scope="col" class={align}>
                {title}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, of, align, isLong }, index) =>
              index === 0 ? (
                <th key={title} scope="row" class={align}>
                  {of(row)}
                </th>
              ) : (
                <td key={title} class={isLong ? "long" : align} data-title={title}>
                  {of(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
