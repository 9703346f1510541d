import type { Command } from 'commander';
import type { Build } from '../kernel/model.ts';
import type { approved } from '../web/schemas/approvals.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { plain, print, printJson } from './terminal.ts';
import { buildName } from './wording.ts';

interface ApproveOptions {
  decline?: boolean;
  comment?: string;
  json?: boolean;
}

export function approveCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('approve'))
    .summary('approve or decline jobs that wait for a person')
    .description(
      'Lets the jobs of a build run that wait for approval, all of them or one. A declined job is cancelled.',
    )
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('--decline', 'the jobs must not run')
    .option('--comment <text>', 'shown beside the decision')
    .action(async (buildText: string, jobText: string | undefined, options: ApproveOptions) => {
      const { decline = false, comment, json } = options;
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, buildText);
      const job = jobText === undefined ? undefined : resolveJob(build, jobText);
      const path = job ? `/jobs/${job.id}/approve` : `/builds/${build.id}/approve`;
      const answer = await client.post<Answer<typeof approved>>(path, { decline, comment });
      if (json) return printJson(answer);
      for (const id of answer.jobs)
        print(`${decline ? 'declined' : 'approved'} ${buildName(build)} ${deploymentIn(build, id)}`);
    });
  return {
    command,
    examples: [
      ['volt approve my-project#12', 'all jobs of a build that wait'],
      ['volt approve my-project#12 deploy', 'one job'],
      ['volt approve my-project#12 --decline --comment "not on a Friday"', 'cancels them'],
    ],
  };
}

/** `deploy (production)` */
function deploymentIn({ jobs }: Build, id: string): string {
  const job = jobs.find((one) => one.id === id);
  const environment = job?.approval?.environment;
  return `${plain(job?.name ?? id)}${environment == null ? '' : ` (${plain(environment)})`}`;
}
