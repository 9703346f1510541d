import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import { paint, print, terminalWidth } from './terminal.ts';

/**
 * Prints rows below their headings, columns aligned. On a terminal what does not fit is cut, so that a row stays a line;
 * anywhere else nothing is cut.
 */
export function printTable(headings: string[], rows: string[][]): void {
  const width = terminalWidth();
  const [first = '', ...others] = tableLines(headings, rows, width);
  print(paint('dim', first));
  for (const line of others) print(line);
}

/**
 * The lines of a table.
 * @param width columns of the terminal, undefined for any
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

/** The line without what goes beyond the width; characters that take two columns count as such, colours as nothing. */
export function cutTo(line: string, width: number | undefined): string {
  if (width === undefined || stringWidth(line) <= width) return line;
  // a character of two columns may stand across the cut, and is kept by the slice
  for (let end = width - 1; end > 0; end--) {
    const kept = sliceAnsi(line, 0, end).trimEnd();
    if (stringWidth(kept) < width) return `${kept}…`;
  }
  return '…';
}
