import { paint, print, terminalWidth } from './terminal.ts';

/** Columns by their headings, each with what it shows of an entry. */
type Columns<Entry> = { readonly [heading: string]: (entry: Entry) => string };

/** Prints entries as a table. @param none the sentence to print if there are none */
export async function printEntries<Entry>(
  entries: readonly Entry[],
  none: string,
  columns: Columns<Entry>,
): Promise<void> {
  const rows = entries.map((entry) => Object.values(columns).map((show) => show(entry)));
  if (rows.length === 0) print(none);
  else await printTable(Object.keys(columns), rows);
}

/**
 * Prints rows with headings in aligned columns. On a terminal, lines are cut at its width; elsewhere they are not.
 */
export async function printTable(headings: string[], rows: string[][]): Promise<void> {
  // its tables of Unicode take longer to load than most commands
  const { tableLines } = await import('./table-lines.ts');
  const [first = '', ...others] = tableLines(headings, rows, terminalWidth());
  print(paint('dim', first));
  for (const line of others) print(line);
}
