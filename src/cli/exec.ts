import type { Command } from 'commander';
import { userCache, variableOf } from '../kernel/environment.ts';
import { VoltError } from '../kernel/errors.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption, namedValue } from './options.ts';
import { Signals } from './signals.ts';
import { exitCodeOf } from './wording.ts';

interface Options {
  workflow?: string;
  event?: string;
  input?: { [name: string]: string };
  matrix?: { [name: string]: string };
  secret?: string[];
  var?: { [name: string]: string };
  slots: number;
  json?: boolean;
  verbose?: boolean;
}

export function execCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('exec'))
    .summary("run the checkout's workflows or tests here")
    .description(
      'Runs what a build of this checkout would: the workflows that a push of its branch starts, or, where it has none, the tests that are discovered. Uncommitted changes are included, and so are new files that are not ignored; everything runs in a copy. It needs no Redis and no Volt that runs. Whatever labels a job asks for, it runs on this machine. Actions, tools and caches are kept in the cache folder of the user, or in the data directory where one is given; artifacts only until the end.',
    )
    .argument('[job]', 'run this job, its id or its name, and those that it needs; else all')
    .option('--workflow <file>', 'run this workflow, its file or its name, whatever its triggers')
    .option('--event <name>', 'push, workflow_dispatch, schedule or repository_dispatch (push, or what fits)')
    .option('--input <name=value>', 'an input of workflow_dispatch; may be repeated', namedValue)
    .option('--matrix <name=value>', 'run only the combinations with this value; may be repeated', namedValue)
    .option(
      '--secret <name[=value]>',
      'a secret; without a value, that of the environment; may be repeated',
      collectSecret,
    )
    .option('--var <name=value>', 'a variable (vars); may be repeated', namedValue)
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 64), 1)
    .option('-v, --verbose', 'print all output, not only that of steps that fail')
    .action(async (job: string | undefined, options: Options) => {
      const config = configOf(command, {}, { dataDir: userCache() });
      const [{ Exec }, { openView }] = await Promise.all([import('./exec/run.ts'), import('./exec/view.ts')]);
      const view = openView({
        json: options.json === true,
        verbose: options.verbose === true,
        several: options.slots > 1,
      });
      const secret = secretsOf(options.secret ?? []);
      const { json, verbose, ...wish } = options;
      const exec = new Exec(config, { ...wish, secret, ...(job === undefined ? {} : { job }) }, view);
      const signals = new Signals(() => process.exit(3));
      void signals.first.then(() => exec.cancel());
      signals.again = () => exec.kill();
      try {
        process.exitCode = exitCodeOf(await exec.run());
      } finally {
        view.close();
      }
    });
  return {
    command,
    judges: true,
    environment: [
      ...['VOLT_ACTIONS_URL', 'VOLT_OWN_ACTIONS', 'VOLT_TOOL_CACHE', 'VOLT_CACHE_LIMIT', 'VOLT_HOSTED_LABELS'],
      'VOLT_JOB_TIMEOUT',
    ],
    examples: [
      ['volt exec', 'everything that a push would run'],
      ['volt exec test --matrix node=22', 'one job, in one combination of its matrix'],
      ['volt exec --workflow release.yml --input level=minor', 'a workflow that is started by hand'],
      ['volt exec --secret TOKEN --json', 'with a secret from the environment; events as lines of JSON'],
    ],
  };
}

function collectSecret(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function secretsOf(given: readonly string[]): { [name: string]: string } {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      const name = (at < 0 ? text : text.slice(0, at)).toUpperCase();
      if (!/^[A-Z_][A-Z0-9_]*$/.test(name)) {
        throw new VoltError('usage', `"${name}" cannot be the name of a secret`, {
          remedy: 'Use letters, digits and "_".',
        });
      }
      const value = at < 0 ? variableOf(text) : text.slice(at + 1);
      if (value === undefined) {
        throw new VoltError('usage', `the environment has no variable ${text}`, {
          remedy: `Set it, or give --secret ${text}=VALUE, which others on this machine can see.`,
        });
      }
      return [name, value];
    }),
  );
}
