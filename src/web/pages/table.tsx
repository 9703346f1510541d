import type { Child } from 'hono/jsx';

export interface Column<Row> {
  head: string;
  /** `short`: its few words stay on one line */
  class?: 'number' | 'name' | 'short' | 'commit' | 'state' | 'build' | 'jobs' | 'trend' | 'actions';
  /** whether the card of a row names the column; by default all but a row's name and its buttons are named */
  label?: boolean;
  cell: (row: Row) => Child;
}

interface Shown<Row> {
  /** `cards`: on a phone each row is a card */
  class?: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  idOf?: (row: Row) => string;
}

/** A table with a heading for each column. */
export function Table<Row>({ class: kind, rows, columns, idOf }: Shown<Row>) {
  return (
    <table class={kind}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Head column={column} />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr id={idOf?.(row)}>
            {columns.map(({ head, class: name, label = name !== 'name' && name !== 'actions', cell }) => {
              const content = cell(row);
              const isNamed = kind === 'cards' && label && content !== undefined && content !== null;
              return (
                <td class={name} data-label={isNamed ? head : undefined}>
                  {content}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Head<Row>({ column: { head, class: kind } }: { column: Column<Row> }) {
  if (kind !== 'actions') return <th class={kind === 'number' ? 'number' : undefined}>{head}</th>;
  return (
    <th>
      <span class="hidden">{head}</span>
    </th>
  );
}
