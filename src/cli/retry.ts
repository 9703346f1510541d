import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { type Build, isFinal, type JobId } from '../kernel/model.ts';
import { awaitVerdict } from './await-verdict.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitIntent } from './intent.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { plain, print, printJson } from './terminal.ts';
import { buildName } from './wording.ts';

/** Seconds for the dispatcher to take the jobs up again. */
const patience = 5;

interface RetryOptions {
  failed?: boolean;
  wait?: boolean;
  json?: boolean;
}

export function retryCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('retry'))
    .summary('run a build or a job again')
    .description(
      'Runs a build that is over again, all of it, what failed, or one job. The jobs get further attempts of the same build; what depends on a retried job runs again as well.',
    )
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('--failed', 'only the jobs that failed, ended in an error or were cancelled')
    .option('-w, --wait', 'follow the log until the build is final; the exit code tells what came out')
    .action(async (buildText: string, jobText: string | undefined, options: RetryOptions) => {
      if (jobText !== undefined && options.failed) {
        throw new VoltError('usage', '--failed is about a whole build, not about one job', {
          remedy: 'Leave out the job, or --failed.',
        });
      }
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, buildText);
      const path = jobText === undefined ? `/builds/${build.id}` : `/jobs/${resolveJob(build, jobText).id}`;
      const body = options.failed ? { failed: true } : {};
      const { intent } = await client.post<{ intent: number }>(`${path}/retry`, body);
      const { open } = await awaitIntent(client, intent, options.wait ? 60 : patience);
      if (open && options.wait) throw notTakenUp(build);
      const after = await client.get<Build>(`/builds/${build.id}`);
      if (options.wait) return awaitVerdict(client, after, { ...options, skip: untouched(build, after) });
      if (options.json) return printJson(after);
      if (open) return print(`${buildName(build)}: asked for; it runs again as soon as a dispatcher is up`);
      const again = after.jobs.filter(({ status }) => !isFinal(status)).map(({ name }) => plain(name));
      print(
        `${buildName(build)} runs again${again.length > 0 && build.jobs.length > 1 ? `: ${again.join(', ')}` : ''}`,
      );
    });
  return {
    command,
    judges: true,
    examples: [
      ['volt retry my-project#12', 'all of a build'],
      ['volt retry my-project#12 --failed --wait', 'what failed; exits 0 if it passes now, 1 if it fails again'],
      ['volt retry my-project#12 test', 'one job'],
    ],
  };
}

/** Jobs that do not run again: final, and with no more attempts than before. One that does may be done again already. */
function untouched(before: Build, after: Build): JobId[] {
  const former = new Map(before.jobs.map(({ id, attempts }) => [id, attempts.length]));
  return after.jobs.flatMap(({ id, status, attempts }) =>
    isFinal(status) && attempts.length === former.get(id) ? [id] : [],
  );
}

function notTakenUp(build: Build): VoltError {
  return new VoltError('timed_out', `${buildName(build)} was not taken up again within 60 s`, {
    remedy: 'See `volt status`: a dispatcher must be up. The request stays open and is served then.',
  });
}
