import { type Command, Option } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { type Build, isFinal, type JobId } from '../kernel/model.ts';
import { awaitVerdict } from './await-verdict.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitIntent } from './intent.ts';
import { retryErrors } from './many-builds.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { plain, print, printJson } from './terminal.ts';
import { buildName } from './wording.ts';

/** Seconds to wait until the dispatcher has queued the jobs again. */
const timeout = 5;

interface RetryOptions {
  failed?: boolean;
  status?: string;
  since?: string;
  repo?: string;
  dryRun?: boolean;
  wait?: boolean;
  json?: boolean;
}

export function retryCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('retry'))
    .summary('run a build, a job, or all that ended in an error again')
    .description(
      'Runs a finished build again: all jobs, the failed ones, or one job. It stays the same build, and each job gets another attempt. Jobs that depend on a retried job run again too. With --status error, runs again what did not succeed of the builds that have ended in an error since a time, at most 100 at a time.',
    )
    .argument('[build]', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('--failed', 'only jobs that failed, ended in an error or were cancelled')
    .addOption(new Option('--status <status>', 'instead of a build: those with this status').choices(['error']))
    .option('--since <time>', 'with --status: those that have ended since then: 90m, 2h, 7d, 2026-01-31')
    .option('--repo <name>', 'with --status: only builds of this repository')
    .option('--dry-run', 'with --status: only list the builds')
    .option('-w, --wait', 'follow the log until the build ends; the exit code is its result')
    .action(async (buildText: string | undefined, jobText: string | undefined, options: RetryOptions) => {
      if (jobText !== undefined && options.failed) {
        throw new VoltError('usage', '--failed cannot be combined with a job', {
          remedy: 'Leave out the job or --failed.',
        });
      }
      const client = Client.of(configOf(command));
      if (buildText === undefined) return retryErrors(client, errorsOf(options), options);
      if (options.status || options.since || options.repo || options.dryRun) throw eitherOr();
      const build = await resolveBuild(client, buildText);
      const path = jobText === undefined ? `/builds/${build.id}` : `/jobs/${resolveJob(build, jobText).id}`;
      const body = options.failed ? { failed: true } : {};
      const { intent } = await client.post<{ intent: number }>(`${path}/retry`, body);
      const { open } = await awaitIntent(client, intent, options.wait ? 60 : timeout);
      if (open && options.wait) throw notQueued(build);
      const after = await client.get<Build>(`/builds/${build.id}`);
      if (options.wait) return awaitVerdict(client, after, { ...options, skip: untouched(build, after) });
      if (options.json) return printJson(after);
      if (open) return print(`${buildName(build)}: requested; it runs again as soon as a dispatcher is up`);
      const again = after.jobs.filter(({ status }) => !isFinal(status)).map(({ name }) => plain(name));
      print(
        `${buildName(build)} runs again${again.length > 0 && build.jobs.length > 1 ? `: ${again.join(', ')}` : ''}`,
      );
    });
  return {
    command,
    judges: true,
    examples: [
      ['volt retry my-project#12', 'all jobs of a build'],
      ['volt retry my-project#12 --failed --wait', 'the failed jobs; exits 0 if they pass now, 1 if not'],
      ['volt retry my-project#12 test', 'one job'],
      ['volt retry --status error --since 2h', 'what ended in an error in the last two hours, of all repositories'],
    ],
  };
}

/** Jobs that do not run again: final, and without a new attempt. */
function untouched(before: Build, after: Build): JobId[] {
  const attemptsBefore = new Map(before.jobs.map(({ id, attempts }) => [id, attempts.length]));
  return after.jobs.flatMap(({ id, status, attempts }) =>
    isFinal(status) && attempts.length === attemptsBefore.get(id) ? [id] : [],
  );
}

function notQueued(build: Build): VoltError {
  return new VoltError('timed_out', `${buildName(build)} was not queued again within 60 s`, {
    remedy: 'A dispatcher must be up; see `volt status`. The request stays open and runs then.',
  });
}

function errorsOf({ status, since, repo, failed, wait }: RetryOptions): { since: string; repo: string | undefined } {
  if (status !== undefined && since !== undefined && !failed && !wait) return { since, repo };
  throw eitherOr();
}

function eitherOr(): VoltError {
  return new VoltError('usage', 'give either a build, or --status error with --since', {
    remedy: 'See `volt retry --help`.',
  });
}
