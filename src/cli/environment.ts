import type { Command } from 'commander';
import type { environmentList } from '../web/schemas/environments.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { collect, configOf, integer, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { shortRef } from './wording.ts';

interface SetOptions {
  repo: string;
  branches?: string[];
  approve?: boolean;
  wait?: number;
}

/** Most minutes that a deployment may wait: 30 days. */
const longestWait = 43_200;

export function environmentCommand(program: Command): CommandFile {
  const command = program
    .command('environment')
    .summary('manage where jobs deploy to')
    .description(
      'Sets rules for jobs that name an environment: which refs may deploy, who must approve, how long they wait. `volt secret set --environment` gives such jobs secrets of their own.',
    );
  const set = command
    .command('set')
    .description('Sets an environment, or replaces its rules. Its secrets and variables stay.')
    .argument('<name>', 'as in `environment:` of a workflow; upper and lower case are the same')
    .requiredOption('--repo <name>', 'of this repository')
    .option('--branches <glob>', 'only these branches or full names of refs may deploy; may be repeated', collect)
    .option('--approve', 'a person must approve each deployment')
    .option('--wait <minutes>', 'each deployment waits so long', integer(0, longestWait))
    .action(async (name: string, { repo, branches = [], approve = false, wait = 0 }: SetOptions) => {
      await Client.of(configOf(set)).put(pathOf(repo, name), { branches, approve, waitMinutes: wait });
      print(`set the environment ${plain(name)} of ${repo}`);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the environments of a repository.')
    .requiredOption('--repo <name>', 'of this repository')
    .action(async ({ repo, json }: { repo: string; json?: boolean }) => {
      const path = `/repos/${encodeURIComponent(repo)}/environments`;
      const page = await Client.of(configOf(list)).get<Answer<typeof environmentList>>(path);
      if (json) return printJson(page);
      await printEntries(page.environments, `no environments for ${repo}`, {
        NAME: ({ name }) => plain(name),
        BRANCHES: ({ branches }) => branches.map(shortRef).join(', ') || 'all',
        APPROVAL: ({ approve }) => (approve ? 'needed' : 'none'),
        WAIT: ({ waitMinutes }) => (waitMinutes === 0 ? 'none' : `${waitMinutes} min`),
      });
    });
  const remove = command
    .command('rm')
    .description('Removes an environment with its secrets and variables. Jobs that name it have no rules then.')
    .argument('<name>')
    .requiredOption('--repo <name>', 'of this repository')
    .action(async (name: string, { repo }: { repo: string }) => {
      await Client.of(configOf(remove)).delete(pathOf(repo, name));
      print(`removed the environment ${plain(name)} of ${repo}`);
    });
  return {
    command,
    examples: [
      [
        'volt environment set production --repo my-project --branches main --approve',
        'only main, after a person has approved',
      ],
      ['volt secret set DEPLOY_KEY --repo my-project --environment production', 'a secret for its jobs only'],
      ['volt environment ls --repo my-project', 'lists them with their rules'],
    ],
  };
}

function pathOf(repo: string, name: string): string {
  return `/repos/${encodeURIComponent(repo)}/environments/${encodeURIComponent(name)}`;
}
