import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';

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
