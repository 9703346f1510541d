import type { Command } from 'commander';
import { userCache } from '../system/environment.ts';
import type { CommandFile } from './command.ts';
import type { ExecOptions } from './exec/run.ts';
import { collect, configOf, integer, jsonOption, namedValue } from './options.ts';
import { Signals } from './signals.ts';
import { exitCodeOf } from './wording.ts';
import { checkoutAround } from './workflow-files.ts';

interface Options {
  workflow?: string;
  event?: string;
  eventPath?: string;
  input?: { [name: string]: string };
  matrix?: { [name: string]: string };
  step?: string[];
  secret?: string[];
  secretFile?: string[];
  var?: { [name: string]: string };
  varFile?: string[];
  env?: { [name: string]: string };
  envFile?: string[];
  slots: number;
  list?: boolean;
  dryRun?: boolean;
  watch?: boolean;
  json?: boolean;
  verbose?: boolean;
}

export function execCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('exec'))
    .summary("run the checkout's workflows or tests here")
    .description(
      'Runs what a build of this checkout would: the workflows that a push of its branch starts, or, where it has none, the tests that are discovered. Uncommitted changes are included, and so are new files that are not ignored; everything runs in a copy. It needs no Redis and no Volt that runs. Whatever labels a job asks for, it runs on this machine. Jobs find VOLT_EXEC=true in their environment. Actions, tools and caches are kept in the cache folder of the user, or in the data directory where one is given; artifacts only until the end.',
    )
    .argument('[job...]', 'run these jobs, by id or name, and those that they need; else all')
    .option('--workflow <file>', 'run this workflow, by its name or any path to a file, whatever its triggers')
    .option('--event <name>', 'push, pull_request, workflow_dispatch, schedule or any other (push, or what fits)')
    .option('--event-path <file>', "the event's payload (github.event), a file of JSON")
    .option('--input <name=value>', 'an input of workflow_dispatch; may be repeated', namedValue)
    .option('--matrix <name=value>', 'run only the combinations with this value; may be repeated', namedValue)
    .option(
      '--step <name>',
      'run only this step of the job, by name, id or number, and the actions before it; may be repeated',
      collect,
    )
    .option('--secret <name[=value]>', 'a secret; without a value, that of the environment; may be repeated', collect)
    .option('--secret-file <file>', 'secrets, as lines NAME=VALUE; may be repeated', collect)
    .option('--var <name=value>', 'a variable (vars); may be repeated', namedValue)
    .option('--var-file <file>', 'variables, as lines NAME=VALUE; may be repeated', collect)
    .option('--env <name=value>', 'a variable of the environment of all jobs; may be repeated', namedValue)
    .option('--env-file <file>', 'variables of the environment, as lines NAME=VALUE; may be repeated', collect)
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 64), 1)
    .option('--list', 'list the workflows and their jobs, and run nothing')
    .option('--dry-run', 'tell which jobs and steps would run, and run nothing')
    .option('--watch', 'run again whenever files change, until interrupted')
    .option('-v, --verbose', 'print all output, not only that of steps that fail')
    .action(async (jobs: string[], options: Options) => {
      const config = configOf(command, {}, { dataDir: userCache() });
      const root = checkoutAround(process.cwd());
      // GitHub's parser takes a while to load, which no other command is to wait for
      if (options.list) {
        const { listJobs } = await import('./exec/list.ts');
        listJobs(root, options.workflow, options.json === true);
        return;
      }
      const [{ Runs }, { Exec }, { openView }, given] = await Promise.all([
        import('./exec/runs.ts'),
        import('./exec/run.ts'),
        import('./exec/view.ts'),
        import('./exec/given-values.ts'),
      ]);
      const { workflow, event, input, matrix = {}, step: steps = [], slots, eventPath } = options;
      const wish: ExecOptions = {
        ...{ jobs, steps, matrix, slots, dryRun: options.dryRun === true },
        ...(event !== undefined && { event }),
        ...(input && { input }),
        ...(eventPath !== undefined && { payload: given.payloadIn(eventPath) }),
        secrets: { ...given.secretsIn(options.secretFile ?? []), ...given.secretsOf(options.secret ?? []) },
        vars: { ...given.valuesIn(options.varFile ?? []), ...options.var },
        env: { VOLT_EXEC: 'true', ...given.valuesIn(options.envFile ?? []), ...options.env },
      };
      const view = openView({
        json: options.json === true,
        verbose: options.verbose === true,
        several: slots > 1,
      });
      const runs = new Runs(root, workflow, view, (asked) => new Exec(config, { ...wish, ...asked }, view));
      const signals = new Signals(() => process.exit(3));
      void signals.first.then(() => runs.cancel());
      signals.again = () => runs.kill();
      try {
        const status = options.watch ? await runs.untilCancelled() : await runs.once();
        process.exitCode = exitCodeOf(status);
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
      ['volt exec test lint --matrix node=22', 'two jobs, in one combination of their matrix'],
      ['volt exec test --step Install --step Test', 'two steps of a job, and the actions before them'],
      ['volt exec --workflow release.yml --input level=minor', 'a workflow that is started by hand'],
      ['volt exec --event pull_request --event-path pr.json', 'what a pull request would run'],
      ['volt exec --secret TOKEN --secret-file .secrets --json', 'with secrets; events as lines of JSON'],
      ['volt exec test --watch', 'a job again and again, as files change'],
    ],
  };
}
