import { dirname } from 'node:path';
import { levelMeanings, unaskedText, unfilteredText } from '../../exec/isolation-check.ts';
import { networkRemedy } from '../../exec/network/job-network.ts';
import { networksText } from '../../exec/network/network-check.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { version } from '../../kernel/version.ts';
import { listBuilds } from '../../record/builds.ts';
import { listRepositories } from '../../record/repositories.ts';
import { isElsewhere } from '../../web/http/hosts.ts';
import { asTyped, upAsTyped } from '../invocation.ts';
import { slotsText } from '../slots.ts';
import { paint, print } from '../terminal.ts';
import { ago } from '../times.ts';
import { verdictLine } from '../wording.ts';
import type { Volt } from './compose.ts';
import { sampleLines } from './sample.ts';

/** Where nothing else says it. */
export const stopHint = 'Ctrl-C stops it';

/** Says what runs now, and where. */
export async function greet({ context, url, signIn, runner, embedded, changes }: Volt, slots: number): Promise<void> {
  const { config, database } = context;
  print(paint('bold', `Volt ${version}`));
  row('dashboard', paint('bold', url));
  row('sign in', signIn);
  row('', `with the token in ${dataPaths(config.dataDir).token}; jobs are not told this address`);
  if (config.reading === 'local' && !isElsewhere(config.url))
    row('', 'behind a proxy set VOLT_URL, or all whom it serves read as if they were on this machine');
  row('runner', `${runner.name}, ${slotsText(slots)}`);
  // the line itself holds a password and a key, which are not for a log
  if (embedded && config.redisBind !== undefined)
    row('join', `${asTyped('volt runner-key add NAME')} prints what a runner on another machine is started with`);
  const repositories = await listRepositories(database);
  for (const { name, url: source } of repositories) {
    row('observing', `${name} (${source})`);
    const [newest] = await listBuilds(database, { repo: name, limit: 1 });
    if (newest?.finishedAt) row('', `${verdictLine(newest)}, ${ago(newest.finishedAt)}`);
  }
  if (repositories.length === 0) row('observing', `nothing yet: ${upAsTyped('--repo <path or URL>')}`);
  const { level, notice, isUnasked, filtersCalls } = runner.settledIsolation;
  row('isolation', `${level}: ${levelMeanings[level]}`);
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

/** How to go on from the sample, in another terminal. */
export function explainSample(folder: string): void {
  print();
  print('Make a commit in the sample, from another terminal, and watch here how it is tested:');
  for (const line of sampleLines(folder)) print(`  ${line}`);
  print(`Observe a repository of your own (Ctrl-C stops this Volt; what it has stays in ${dirname(folder)}):`);
  print(`  ${upAsTyped('--repo <path or URL>')}`);
  print();
}
