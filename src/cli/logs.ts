import { type Command, Option } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { Build, Job } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { followBuild, followLog, type LogOptions, logHeading } from './follow.ts';
import { tellWhatGoesOn } from './interrupt.ts';
import { sinceTime, startOf } from './log-start.ts';
import { LogWriter } from './log-writer.ts';
import { configOf, integer } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { endWithReader, plain } from './terminal.ts';
import { buildName } from './wording.ts';

interface LogsOptions extends LogOptions {
  follow?: boolean;
  raw?: boolean;
  attempt?: number;
  failed?: boolean;
}

export function logsCommand(program: Command): CommandFile {
  const command = program
    .command('logs')
    .summary('print the log of a build or a job')
    .description(
      'Prints the log of a build, or of one of its jobs, with words in place of marks such as ##[error]. On a terminal, control sequences other than colours are left out.',
    )
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('-f, --follow', 'print new lines as they arrive, until the job has ended')
    .option('--raw', 'print the log with its marks; into a file or pipe byte for byte')
    .addOption(new Option('--failed', 'only the logs of jobs that failed or ended in an error').conflicts('follow'))
    .option('--tail <number>', 'only the last lines of each log', integer(1, 1_000_000))
    .addOption(
      new Option('--since <time>', 'only lines that arrived since then: 90s, 10m, 2h or 1d ago, or a time in ISO 8601')
        .argParser(sinceTime)
        .conflicts('tail'),
    )
    .addOption(
      new Option('--attempt <number>', 'print the log of an earlier attempt')
        .argParser(integer(1, 999_999))
        .conflicts('follow'),
    )
    .action(async (buildText: string, jobText: string | undefined, options: LogsOptions) => {
      const { follow, attempt, failed } = options;
      endWithReader();
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, buildText);
      const named = jobText === undefined ? build.jobs : [resolveJob(build, jobText)];
      if (follow) {
        const stop = tellWhatGoesOn(build);
        const [only, ...others] = named;
        if (only && others.length === 0) await followLog(client, only, options);
        else await followBuild(client, build.id, [], options);
        return stop();
      }
      const jobs = failed ? named.filter(({ status }) => status === 'failure' || status === 'error') : named;
      if (failed && jobs.length === 0) throw noneFailed(build);
      if (attempt !== undefined && jobs.length > 1) throw whichJob(jobs);
      for (const job of jobs) {
        if (jobs.length > 1) process.stderr.write(`${logHeading(job.name)}\n`);
        const log = new LogWriter(options);
        const start = await startOf(client, job, attempt, options);
        for await (const bytes of client.bytes(`/jobs/${job.id}/log`, { attempt }, start)) await log.write(bytes);
        await log.end();
      }
    });
  return {
    command,
    examples: [
      ['volt logs my-project', 'the log of the newest build'],
      ['volt logs my-project#12 test -f', 'follow the log of one job'],
      ['volt logs my-project#12 --failed --tail 100', 'the end of the logs of the failed jobs'],
      ['volt logs my-project -f --since 10m', 'what came in the last ten minutes, and what comes'],
    ],
  };
}

function whichJob(jobs: readonly Job[]): VoltError {
  return new VoltError('usage', '--attempt needs a job, since each job counts its own attempts', {
    remedy: `Name one of the jobs: ${jobs.map(({ name }) => plain(name)).join(', ')}.`,
  });
}

function noneFailed(build: Build): VoltError {
  return new VoltError('conflict', `no job of ${buildName(build)} has failed`, {
    remedy: 'Leave out --failed to see all logs.',
  });
}
