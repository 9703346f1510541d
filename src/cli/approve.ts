import type { Command } from 'commander';
import type { Build, JobId } from '../kernel/model.ts';
import type { approved } from '../web/schemas/approvals.ts';
import { confirmApproval } from './approval-material.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { buildArgumentHelp, jobArgumentHelp, resolveBuild, resolveJob } from './resolve.ts';
import { plain, print, printJson } from './terminal.ts';
import { buildName } from './wording.ts';

interface ApproveOptions {
  decline?: boolean;
  comment?: string;
  yes?: boolean;
  json?: boolean;
}

export function approveCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('approve'))
    .summary('approve or decline jobs that wait for a person')
    .description(
      'Lets the jobs of a build run that wait for approval, all of them or one. A declined job is cancelled. Of a pull request it shows how workflows, actions and .volt.yml differ from the base branch, and asks first.',
    )
    .argument('<build>', buildArgumentHelp)
    .argument('[job]', jobArgumentHelp)
    .option('--decline', 'the jobs must not run')
    .option('--comment <text>', 'shown beside the decision')
    .option('--yes', 'approve a pull request without being asked')
    .action(async (buildText: string, jobText: string | undefined, options: ApproveOptions) => {
      const { decline = false, comment, json, yes = false } = options;
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, buildText);
      const job = jobText === undefined ? undefined : resolveJob(build, jobText);
      const path = job ? `/jobs/${job.id}/approve` : `/builds/${build.id}/approve`;
      const isOpen = build.approval?.decision === null;
      if (isOpen && !decline && !yes) await confirmApproval(client, build);
      // other jobs may have begun to wait since
      const seen = job ? {} : { jobs: waiting(build) };
      const answer = await client.post<Answer<typeof approved>>(path, { decline, comment, ...seen });
      if (json) return printJson(answer);
      for (const id of answer.jobs)
        print(`${decline ? 'declined' : 'approved'} ${buildName(build)} ${waitedIn(build, id)}`);
    });
  return {
    command,
    examples: [
      ['volt approve my-project#12', 'all jobs of a build that wait'],
      ['volt approve my-project#12 deploy', 'one job'],
      ['volt approve my-project#12 --yes', 'a pull request, without being asked'],
      ['volt approve my-project#12 --decline --comment "not on a Friday"', 'cancels them'],
    ],
  };
}

/** Jobs that wait for approval. */
function waiting({ jobs }: Build): JobId[] {
  return jobs.flatMap(({ id, status, reason }) => (status === 'waiting' && reason === 'approval_required' ? [id] : []));
}

/** `deploy (production)`, or `(pull request 7)` */
function waitedIn({ jobs, approval, pullRequest }: Build, id: string): string {
  const job = jobs.find((one) => one.id === id);
  if (approval !== null && pullRequest !== null) return `(pull request ${pullRequest.number})`;
  const environment = job?.approval?.environment;
  return `${plain(job?.name ?? id)}${environment == null ? '' : ` (${plain(environment)})`}`;
}
