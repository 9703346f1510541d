import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { type Build, isFinal } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitIntent } from './intent.ts';
import { cancelQueued } from './many-builds.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { plain, print, printJson, verdict } from './terminal.ts';
import { buildName } from './wording.ts';

/** Seconds to wait for the runner to end the job. */
const timeout = 15;

interface CancelOptions {
  queued?: boolean;
  repo?: string;
  branch?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function cancelCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('cancel'))
    .summary('cancel a build, a job, or what is queued of a branch')
    .description(
      'Cancels a build, or one of its jobs. A job that has ended in the meantime keeps its result. With --queued, cancels the builds of a branch that no job has begun, at most 100 at a time.',
    )
    .argument('[build]', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('--queued', 'cancel the queued builds of --branch in --repo')
    .option('--repo <name>', 'with --queued: the repository')
    .option('--branch <name>', 'with --queued: the branch')
    .option('--dry-run', 'with --queued: only list the builds')
    .action(async (buildText: string | undefined, jobText: string | undefined, options: CancelOptions) => {
      const client = Client.of(configOf(command));
      const { json } = options;
      if (buildText === undefined) return cancelQueued(client, branchOf(options), options);
      if (options.queued || options.repo || options.branch || options.dryRun) throw eitherOr();
      const build = await resolveBuild(client, buildText);
      const job = jobText === undefined ? undefined : resolveJob(build, jobText);
      const path = job ? `/jobs/${job.id}/cancel` : `/builds/${build.id}/cancel`;
      const { intent } = await client.post<{ intent: number }>(path);
      await awaitIntent(client, intent, timeout);
      const after = await client.get<Build>(`/builds/${build.id}`);
      if (json) return printJson(after);
      const status = job ? after.jobs.find(({ id }) => id === job.id)?.status : after.status;
      const name = `${buildName(build)}${job ? ` ${plain(job.name)}` : ''}`;
      if (status !== undefined && isFinal(status)) print(`${name}: ${verdict(status)}`);
      else print(`${name}: cancelling; it ends as soon as its runner gets the request`);
    });
  return {
    command,
    examples: [
      ['volt cancel my-project#12', 'a build'],
      ['volt cancel my-project#12 test', 'one job of a build'],
      ['volt cancel --queued --repo my-project --branch main', 'the builds of a branch that have not begun'],
    ],
  };
}

function branchOf({ queued, repo, branch }: CancelOptions): { repo: string; branch: string } {
  if (queued && repo !== undefined && branch !== undefined) return { repo, branch };
  throw eitherOr();
}

function eitherOr(): VoltError {
  return new VoltError('usage', 'give either a build, or --queued with --repo and --branch', {
    remedy: 'See `volt cancel --help`.',
  });
}
