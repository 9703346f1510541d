import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import { paint, print, terminalWidth } from './terminal.ts';

/** Columns by their headings, each with what it shows of an entry. */
type Columns<Entry> = { readonly [heading: string]: (entry: Entry) => string };

/** Prints entries as a table. @param none the sentence to print if there are none */
export function printEntries<Entry>(entries: readonly Entry[], none: string, columns: Columns<Entry>): void {
  const rows = entries.map((entry) => Object.values(columns).map((show) => show(entry)));
  if (rows.length === 0) print(none);
  else printTable(Object.keys(columns), rows);
}

/**
 * Prints rows with headings in aligned columns. On a terminal, lines are cut at its width; elsewhere they are not.
 */
export function printTable(headings: string[], rows: string[][]): void {
  const width = terminalWidth();
  const [first = '', ...others] = tableLines(headings, rows, width);
  print(paint('dim', first));
  for (const line of others) print(line);
}

/**
 * The lines of a table.
 * @param width columns of the terminal; undefined for no limit
 */
export function tableLines(headings: string[], rows: string[][], width?: number): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(stringWidth(heading), ...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell))))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map((cells) => cutTo(line(cells), width));
}

/** Cuts a line at a width in columns. Wide characters count as two columns and colours as none. */
export function cutTo(line: string, width: number | undefined): string {
  if (width === undefined || stringWidth(line) <= width) return line;
  // slice-ansi keeps a wide character that crosses the cut
  for (let end = width - 1; end > 0; end--) {
    const kept = sliceAnsi(line, 0, end).trimEnd();
    if (stringWidth(kept) < width) return `${kept}…`;
  }
  return '…';
}
