import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import type { Build } from '../kernel/model.ts';
import { awaitVerdict } from './await-verdict.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitIntent } from './intent.ts';
import { configOf, jsonOption, namedValue } from './options.ts';
import { print, printJson, verdict } from './terminal.ts';
import { buildName, shortRef, shortSha } from './wording.ts';

/** Seconds for the observer and the dispatcher to make the build. */
const patience = { plain: 5, wait: 60 };

interface TriggerOptions {
  wait?: boolean;
  json?: boolean;
  workflow?: string;
  input?: { [name: string]: string };
}

export function triggerCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('trigger'))
    .summary('build a ref now')
    .description(
      'Builds a ref of a repository now, whether or not it has a new commit; with --workflow it runs that workflow alone, by its `workflow_dispatch`.',
    )
    .argument('<repo>', 'name of the repository')
    .argument('[ref]', 'branch, tag or commit; else the default branch')
    .option('--workflow <file>', 'run this workflow, its file or its name')
    .option('--input <name=value>', 'an input of the workflow; may be repeated', namedValue)
    .option('-w, --wait', 'follow the log until the build is final; the exit code tells what came out')
    .action(async (repo: string, ref: string | undefined, { wait, json, workflow, input }: TriggerOptions) => {
      const client = Client.of(configOf(command));
      const path = `/repos/${encodeURIComponent(repo)}/trigger`;
      const { intent: id } = await client.post<{ intent: number }>(path, { ref, workflow, inputs: input });
      const intent = await awaitIntent(client, id, wait ? patience.wait : patience.plain);
      if (intent.build === null) {
        if (wait) throw notTakenUp(repo);
        if (json) return printJson(intent);
        return print(`${repo}: asked for; the build is made as soon as an observer and a dispatcher are up`);
      }
      const build = await client.get<Build>(`/builds/${intent.build}`);
      if (!wait) {
        if (json) return printJson(build);
        return print(
          `${buildName(build)} ${shortRef(build.ref)} ${shortSha(build.sha)} (id ${build.id}) is ${verdict(build.status)}`,
        );
      }
      await awaitVerdict(client, build, { json: json === true });
    });
  return {
    command,
    judges: true,
    examples: [
      ['volt trigger my-project', 'the default branch'],
      ['volt trigger my-project release/2 --wait', 'a branch; exits 0 if it passed, 1 if it failed'],
      ['volt trigger my-project --workflow release.yml --input level=minor', 'one workflow, with an input'],
    ],
  };
}

function notTakenUp(repo: string): VoltError {
  return new VoltError('timed_out', `no build of ${repo} was made within ${patience.wait} s`, {
    remedy: 'See `volt status`: an observer and a dispatcher must be up. The request stays open and is served then.',
  });
}
