import type { Command } from 'commander';
import { type Build, isFinal } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitIntent } from './intent.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { plain, print, printJson, verdict } from './terminal.ts';
import { buildName } from './wording.ts';

/** Seconds to wait for the runner to end the job. */
const timeout = 15;

export function cancelCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('cancel'))
    .summary('cancel a build or a job')
    .description('Cancels a build, or one of its jobs. A job that has ended in the meantime keeps its result.')
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .action(async (buildText: string, jobText: string | undefined, { json }: { json?: boolean }) => {
      const client = Client.of(configOf(command));
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
    ],
  };
}
