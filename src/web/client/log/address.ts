/** Lines that the reader has chosen, numbered from 0. */
export interface ChosenLines {
  first: number;
  last: number;
}

/** The lines that the address of the page names: `#L12`, or `#L12-L20`. */
export function linesInAddress(): ChosenLines | undefined {
  const [, first, last] = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash) ?? [];
  return first === undefined ? undefined : { first: Number(first) - 1, last: Number(last ?? first) - 1 };
}

/**
 * Writes the log, the search and the chosen lines into the address of the page, so that people can share it.
 * @param form its hidden fields name the log
 */
export function writeAddress(form: HTMLFormElement, section: HTMLElement, chosen: ChosenLines | undefined): void {
  const query = new URLSearchParams(location.search);
  for (const name of ['line', 'at', 'from', 'q', 'regex', 'case', 'only']) query.delete(name);
  for (const [name, value] of new FormData(form)) if (value !== '') query.set(name, String(value));
  // without a search, its switches mean nothing
  if (!query.has('q')) for (const name of ['regex', 'case', 'only']) query.delete(name);
  const lines = chosen && (chosen.first === chosen.last ? [chosen.first] : [chosen.first, chosen.last]);
  const hash = lines ? `#${lines.map((line) => `L${line + 1}`).join('-')}` : '';
  history.replaceState(history.state, '', `?${query}${hash}`);
  // the page of this address shows the same log
  section.dataset.key = `${section.dataset.job}.${section.dataset.attempt}`;
}
