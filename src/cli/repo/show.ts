import { type Command, InvalidArgumentError } from 'commander';
import { withCommandsAsTyped } from '../../kernel/invocation.ts';
import type { Percentiles } from '../../kernel/model/statistics-shapes.ts';
import { mostCounted, parseRange } from '../../kernel/statistics-range.ts';
import { duration } from '../../kernel/times.ts';
import type { repositoryStatistics } from '../../web/schemas/statistics.ts';
import { type Answer, Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { printEntries } from '../table.ts';
import { mark, paint, plain, print, printJson } from '../terminal.ts';
import { ago } from '../times.ts';
import { pathOf, type ShownRepository, watchedRefs } from './repository.ts';

type Statistics = Answer<typeof repositoryStatistics>;

interface ShowOptions {
  range: string;
  branch?: string;
  json?: boolean;
}

export function repoShowCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('show'))
    .summary('show a repository and how its builds have been')
    .description(
      'Shows how a repository is watched and tested, and of its last builds how many passed, how long they took and how long they waited for a runner.',
    )
    .argument('<name>', 'name of the repository')
    .option('--range <range>', `the last builds, such as 100, or days, such as 30d`, checkedRange, '100')
    .option('--branch <branch>', 'only builds of this branch')
    .action(async (name: string, { range, branch, json }: ShowOptions) => {
      const client = Client.of(configOf(command));
      const repository = await client.get<ShownRepository>(pathOf(name));
      const statistics = await client.get<Statistics>(`${pathOf(name)}/statistics`, { range, branch });
      if (json) return printJson({ repository, statistics });
      printSettings(repository);
      await printStatistics(statistics, `${rangeWords(range)}${branch === undefined ? '' : ` of ${plain(branch)}`}`);
    });
  return {
    command,
    examples: [
      ['volt repo show app', 'its settings and its last 100 builds'],
      ['volt repo show app --range 30d --branch main', 'the builds of main in the last 30 days'],
    ],
  };
}

function checkedRange(text: string): string {
  if (parseRange(text)) return text;
  throw new InvalidArgumentError(`It must be days such as 30d, or a number of builds from 1 to ${mostCounted}.`);
}

function rangeWords(range: string): string {
  const parsed = parseRange(range) ?? { builds: 0 };
  const [count, unit] = 'days' in parsed ? [parsed.days, 'day'] : [parsed.builds, 'build'];
  return count === 1 ? `last ${unit}` : `last ${count} ${unit}s`;
}

function printSettings(repository: ShownRepository): void {
  const { name, url, host, observedAt, error, notice, command, image, runners, visibility } = repository;
  print(`${mark(error ? 'error' : observedAt ? 'success' : 'waiting')} ${paint('bold', name)}`);
  print(`  address    ${plain(url)}${host === null ? '' : ` on ${plain(host)}`}`);
  print(
    `  builds     ${watchedRefs(repository)}; ${repository.commits === 'every' ? 'every commit' : 'the newest commit'}`,
  );
  print(`  checked    ${observedAt === null ? 'never' : ago(observedAt)}; every ${repository.pollSeconds} s`);
  print(`  runs       ${command === null ? 'workflow files, else auto-detected tests' : plain(command)}`);
  if (image !== null) print(`  image      ${plain(image)}`);
  if (runners.length > 0) print(`  runners    only with ${runners.join(', ')}`);
  print(`  visibility ${visibility}`);
  if (error) {
    print(`  ${mark('error')} ${error.code}, first seen ${ago(error.since)}: ${plain(error.message)}`);
    print(`    ${withCommandsAsTyped(plain(error.remedy))}`);
  } else if (notice) print(`  ${plain(notice)}`);
}

async function printStatistics(statistics: Statistics, of: string): Promise<void> {
  const { passed, failed, errors, jobs, complete } = statistics;
  const judged = passed + failed;
  print();
  if (judged + errors === 0) return print(`no build has a result (${of})`);
  const rate = judged === 0 ? 'none passed or failed' : `${Math.round((100 * passed) / judged)} % of ${judged} passed`;
  print(`${of}: ${rate}${errors === 0 ? '' : `; ${errors} ended in an error`}`);
  if (!complete) print(`  only the newest ${mostCounted} builds are counted`);
  print(`  duration   ${timesText(statistics.duration)}`);
  print(`  waited     ${timesText(statistics.wait)}`);
  const tests = statistics.groups.findLast((group) => group.tests !== null)?.tests;
  if (tests) print(`  tests      ${tests.total}, ${tests.failed} failed, ${tests.skipped} skipped`);
  print();
  await printEntries(jobs, 'no job has run', {
    JOB: (job) => plain(job.workflow === null ? job.name : `${job.workflow} / ${job.name}`),
    RUNS: ({ runs }) => String(runs),
    FAILED: (job) => `${Math.round((100 * job.failed) / job.runs)} %`,
    MEDIAN: (job) => duration(job.duration.p50),
    P95: (job) => duration(job.duration.p95),
  });
}

function timesText(times: Percentiles | null): string {
  return times === null ? 'unknown' : `median ${duration(times.p50)}, p95 ${duration(times.p95)}`;
}
