import type { AttackResult } from '../support/attack.ts';

/**
 * The results of attacks, as a Markdown table: a row for each attacker and asset, a column for each setting. A cell
 * says how many attacks failed; a row is marked if one succeeded.
 */
export function attackTable(results: readonly AttackResult[]): string {
  const settings = [...new Set(results.map(settingOf))].sort();
  const rows = new Map<string, AttackResult[]>();
  for (const result of results) {
    const key = `${result.attacker} | ${result.asset}`;
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  const head = ['attacker', 'asset', ...settings, 'held'];
  const lines = [...rows].map(([key, all]) => {
    const cells = settings.map((setting) => counted(all.filter((result) => settingOf(result) === setting)));
    return `| ${[key, ...cells, all.every(({ held }) => held) ? 'yes' : '**NO**'].join(' | ')} |`;
  });
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...lines].join('\n');
}

function settingOf({ level, user }: AttackResult): string {
  return `${level}, ${user}`;
}

function counted(results: readonly AttackResult[]): string {
  return results.length === 0 ? '' : `${results.filter(({ held }) => held).length}/${results.length}`;
}
