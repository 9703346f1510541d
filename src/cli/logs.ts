import { type Command, Option } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { Job } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { followBuild, followLog, logHeading } from './follow.ts';
import { configOf, integer } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { endWithReader, logWriter, plain } from './terminal.ts';

interface LogsOptions {
  follow?: boolean;
  attempt?: number;
}

export function logsCommand(program: Command): CommandFile {
  const command = program
    .command('logs')
    .summary('print the log of a build or a job')
    .description(
      'Prints the log of a build, or of one of its jobs, byte for byte. On a terminal, control sequences other than colours are left out.',
    )
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('-f, --follow', 'print new lines as they arrive, until the job has ended')
    .addOption(
      new Option('--attempt <number>', 'print the log of an earlier attempt')
        .argParser(integer(1, 999_999))
        .conflicts('follow'),
    )
    .action(async (buildText: string, jobText: string | undefined, { follow, attempt }: LogsOptions) => {
      endWithReader();
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, buildText);
      const jobs = jobText === undefined ? build.jobs : [resolveJob(build, jobText)];
      if (follow) return jobs.length === 1 ? followLog(client, jobs[0] as Job) : followBuild(client, build.id);
      if (attempt !== undefined && jobs.length > 1) throw whichJob(jobs);
      for (const job of jobs) {
        if (jobs.length > 1) process.stderr.write(`${logHeading(job.name)}\n`);
        const write = logWriter();
        for await (const bytes of client.bytes(`/jobs/${job.id}/log`, { attempt })) await write(bytes);
      }
    });
  return {
    command,
    examples: [
      ['volt logs my-project', 'the log of the newest build'],
      ['volt logs my-project#12 test -f', 'follow the log of one job'],
    ],
  };
}

function whichJob(jobs: readonly Job[]): VoltError {
  return new VoltError('usage', '--attempt needs a job, since each job counts its own attempts', {
    remedy: `Name one of the jobs: ${jobs.map(({ name }) => plain(name)).join(', ')}.`,
  });
}
