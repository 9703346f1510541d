import { stripVTControlCharacters } from 'node:util';
import { paint, print, terminalWidth } from './terminal.ts';

/**
 * Prints rows below their headings, columns aligned. On a terminal the last column is cut to fit, so that a row stays a
 * line; anywhere else nothing is cut.
 */
export function printTable(headings: string[], rows: string[][]): void {
  const widths = headings.map((heading, column) =>
    Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  print(paint('dim', cut(line(headings))));
  for (const row of rows) print(cut(line(row)));
}

function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)));
}

/** Cuts what would wrap. The last column has no colours, so the cut never falls between a colour and its end. */
function cut(line: string): string {
  const limit = terminalWidth();
  if (limit === undefined || widthOf(line) <= limit) return line;
  const excess = widthOf(line) - limit;
  return `${[...line].slice(0, -(excess + 1)).join('')}…`;
}
