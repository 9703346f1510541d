import type { Row } from './row.ts';

/** The rows for a terminal. */
export function table(rows: readonly Row[]): string {
  return rows
    .map(({ name, volt, floor, ratio, n, bars }) =>
      [
        name,
        `    ${volt}${floor === undefined ? '' : `; floor ${floor}; ${ratio.toFixed(2)} ×`}; n = ${n}`,
        ...bars.map(({ text, met, over }) => `    ${met ? 'met   ' : 'MISSED'}  ${text}${met ? '' : missedBy(over)}`),
      ].join('\n'),
    )
    .join('\n');
}

/** The rows as a Markdown table. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map(({ name, volt, floor, ratio, n, bars }) => {
    const asked = bars
      .map(({ text, met, over }) => `${text}: ${met ? 'met' : `**missed**${missedBy(over)}`}`)
      .join('; ');
    return `| ${name} | ${volt} | ${floor ?? ''} | ${floor === undefined ? '' : ratio.toFixed(2)} | ${n} | ${asked} |`;
  });
  return ['| what | Volt | floor | × | n | asked for |', '|---|---|---|---|---|---|', ...lines].join('\n');
}

function missedBy(over: number): string {
  return over >= 1 ? '' : ` by ${(100 * over).toFixed(0)} %`;
}
