import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { Build } from '../kernel/model.ts';
import { awaitVerdict } from './await-verdict.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitIntent } from './intent.ts';
import { configOf, jsonOption, namedValue } from './options.ts';
import { repositoryArgumentHelp } from './resolve.ts';
import { listStartable } from './startable.ts';
import { print, printJson, verdict } from './terminal.ts';
import { buildName, refText, shortSha } from './wording.ts';

/** Seconds to wait until the observer and the dispatcher have made the build. */
const timeouts = { plain: 5, wait: 60 };

interface TriggerOptions {
  list?: boolean;
  wait?: boolean;
  json?: boolean;
  workflow?: string;
  input?: { [name: string]: string };
}

export function triggerCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('trigger'))
    .summary('build a ref now')
    .description(
      'Builds a ref of a repository now, even without a new commit. --workflow runs only that workflow, with the event `workflow_dispatch`.',
    )
    .argument('<repo>', repositoryArgumentHelp)
    .argument('[ref]', 'branch, tag or commit, else the default branch')
    .option('--workflow <file>', 'run only this workflow, by file or name')
    .option('--input <name=value>', 'an input of the workflow; may be repeated', namedValue)
    .option('--list', 'build nothing, and list the workflows that can be started at the ref, with their inputs')
    .option('-w, --wait', 'follow the log until the build ends; the exit code is its result')
    .action(async (repo: string, ref: string | undefined, { list, wait, json, workflow, input }: TriggerOptions) => {
      const client = Client.of(configOf(command));
      if (list) return listStartable(client, repo, { ref, json: json === true });
      const path = `/repos/${encodeURIComponent(repo)}/trigger`;
      const { intent: id } = await client.post<{ intent: number }>(path, { ref, workflow, inputs: input });
      const intent = await awaitIntent(client, id, wait ? timeouts.wait : timeouts.plain);
      if (intent.build === null) {
        if (wait) throw notBuilt(repo);
        if (json) return printJson(intent);
        return print(`${repo}: requested; the build starts as soon as an observer and a dispatcher are up`);
      }
      const build = await client.get<Build>(`/builds/${intent.build}`);
      if (!wait) {
        if (json) return printJson(build);
        return print(
          `${buildName(build)} ${refText(build)} ${shortSha(build.sha)} (id ${build.id}) is ${verdict(build.status)}`,
        );
      }
      await awaitVerdict(client, build, { json: json === true });
    });
  return {
    command,
    judges: true,
    examples: [
      ['volt trigger my-project', 'build the default branch'],
      ['volt trigger my-project release/2 --wait', 'build a branch; exits 0 if it passed, 1 if it failed'],
      ['volt trigger my-project release/2 --list', 'the workflows that can be started there, and their inputs'],
      ['volt trigger my-project --workflow release.yml --input level=minor', 'run one workflow with an input'],
    ],
  };
}

function notBuilt(repo: string): VoltError {
  return new VoltError('timed_out', `no build of ${repo} started within ${timeouts.wait} s`, {
    remedy: 'An observer and a dispatcher must be up; see `volt status`. The request stays open and runs then.',
  });
}
