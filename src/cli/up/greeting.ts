import { dirname } from 'node:path';
import { levelMeaning, levelName, unaskedText, unfilteredText } from '../../exec/isolation-check.ts';
import { networkRemedy } from '../../exec/network/job-network.ts';
import { networksText } from '../../exec/network/network-check.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { asTyped, upAsTyped } from '../../kernel/invocation.ts';
import { version } from '../../kernel/version.ts';
import { listBuilds } from '../../record/builds.ts';
import { listRepositories } from '../../record/repositories.ts';
import { isElsewhere } from '../../web/http/hosts.ts';
import { slotsText } from '../slots.ts';
import { paint, print } from '../terminal.ts';
import { ago } from '../times.ts';
import { verdictLine } from '../wording.ts';
import type { Volt } from './compose.ts';
import { sampleLines } from './sample.ts';

/** How to stop, for output that does not tell it otherwise. */
export const stopHint = 'press Ctrl-C to stop';

/** Prints what runs now, and where. */
export async function greet({ context, url, signIn, runner, embedded, changes }: Volt, slots: number): Promise<void> {
  const { config, database } = context;
  print(paint('bold', `Volt ${version}`));
  row('dashboard', paint('bold', url));
  row('sign in', signIn);
  row('', `with the main token in ${dataPaths(config.dataDir).token}; keep this address from jobs`);
  if (config.reading === 'local' && !isElsewhere(config.url))
    row('', 'behind a proxy, set VOLT_URL; else all its visitors can read as if they were on this machine');
  row('runner', `${runner.name}, ${slotsText(slots)}`);
  // the command itself contains a password and a key, which must not be in a log
  if (embedded && config.redisBind !== undefined)
    row('join', `${asTyped('volt runner-key add NAME')} prints the command that starts a runner on another machine`);
  const repositories = await listRepositories(database);
  for (const { name, url: source } of repositories) {
    row('watching', `${name} (${source})`);
    const [newest] = await listBuilds(database, { repo: name, limit: 1 });
    if (newest?.finishedAt) row('', `${verdictLine(newest)}, ${ago(newest.finishedAt)}`);
  }
  if (repositories.length === 0) row('watching', `no repositories yet: ${upAsTyped('--repo <path or URL>')}`);
  const { level, notice, isUnasked, filtersCalls } = runner.settledIsolation;
  row('isolation', `${levelName(runner.settledIsolation)}: ${levelMeaning(runner.settledIsolation)}`);
  if (level !== 'none' && !filtersCalls) row('', unfilteredText);
  if (notice !== undefined) row('', notice);
  if (isUnasked) row('', `repositories by URL are not built: ${unaskedText}`);
  row('network', networksText(runner.networks));
  if (runner.networks.notice !== undefined) row('', `${runner.networks.notice}; ${networkRemedy}`);
  for (const change of changes) row('changed', change);
}

function row(label: string, text: string): void {
  print(`  ${paint('dim', label.padEnd(10))} ${text}`);
}

/** Prints the next steps after the first result of the sample. */
export function explainSample(folder: string): void {
  print();
  print('To see a build, make a commit in the sample from another terminal:');
  for (const line of sampleLines(folder)) print(`  ${line}`);
  print(`To watch your own repository, stop this Volt with Ctrl-C (its data stays in ${dirname(folder)}) and run:`);
  print(`  ${upAsTyped('--repo <path or URL>')}`);
  print();
}
