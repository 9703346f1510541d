import type { Command } from 'commander';
import { userCache } from '../system/environment.ts';
import type { CommandFile } from './command.ts';
import type { ExecOptions } from './exec/exec-run.ts';
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
  image?: string[];
  slots: number;
  list?: boolean;
  dryRun?: boolean;
  watch?: boolean;
  json?: boolean;
  verbose?: boolean;
}

export function execCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('exec'))
    .summary("run this checkout's workflows or tests on this machine")
    .description(
      'Runs what a build of this checkout would run: the workflows that a push to its branch starts, or, without workflows, the discovered tests. It works on a copy with uncommitted changes and new files that git does not ignore. It needs no Redis and no running Volt. All jobs run on this machine, whatever their labels, with VOLT_EXEC=true in their environment. Actions, tools and caches are kept in the cache folder of the user, or in the data directory if one is given; artifacts are deleted at the end.',
    )
    .argument('[job...]', 'run these jobs, by id or name, and the jobs that they need; else all jobs')
    .option('--workflow <file>', 'run this workflow, by name or by the path of any file, whatever its triggers')
    .option(
      '--event <name>',
      'push, pull_request, workflow_dispatch, schedule or another event (default: push, or the first trigger of --workflow)',
    )
    .option('--event-path <file>', "a JSON file with the event's payload (github.event)")
    .option('--input <name=value>', 'an input of workflow_dispatch; may be repeated', namedValue)
    .option('--matrix <name=value>', 'run only matrix jobs with this value; may be repeated', namedValue)
    .option(
      '--step <name>',
      'run only this step, by name, id or number, and the actions before it; may be repeated',
      collect,
    )
    .option(
      '--secret <name[=value]>',
      'a secret; without a value, it is read from the environment; may be repeated',
      collect,
    )
    .option('--secret-file <file>', 'a file of secrets, as lines NAME=VALUE; may be repeated', collect)
    .option('--var <name=value>', 'a variable (vars); may be repeated', namedValue)
    .option('--var-file <file>', 'a file of variables (vars), as lines NAME=VALUE; may be repeated', collect)
    .option('--env <name=value>', 'an environment variable for all jobs; may be repeated', namedValue)
    .option('--env-file <file>', 'a file of environment variables, as lines NAME=VALUE; may be repeated', collect)
    .option(
      '--image <[label=]image>',
      'run tests, and jobs that name no container, in this image, or jobs that ask for the label; may be repeated',
      collect,
    )
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 64), 1)
    .option('--list', 'list the workflows and their jobs, and run nothing')
    .option('--dry-run', 'show which jobs and steps would run, and run nothing')
    .option('--watch', 'run again when files change, until interrupted')
    .option('-v, --verbose', 'print all output, not only the output of failed steps')
    .action(async (jobs: string[], options: Options) => {
      const config = configOf(command, {}, { dataDir: userCache() });
      const root = checkoutAround(process.cwd());
      // GitHub's parser is slow to load, so only the commands that need it load it
      if (options.list) {
        const { listJobs } = await import('./exec/list.ts');
        await listJobs(root, options.workflow, options.json === true);
        return;
      }
      const [{ ExecSession }, { ExecRun }, { openView }, given] = await Promise.all([
        import('./exec/exec-session.ts'),
        import('./exec/exec-run.ts'),
        import('./exec/view.ts'),
        import('./exec/given-values.ts'),
      ]);
      const { workflow, event, input, matrix = {}, step: steps = [], slots, eventPath } = options;
      const wish: ExecOptions = {
        ...{ jobs, steps, matrix, slots, dryRun: options.dryRun === true },
        images: given.imagesOf(options.image ?? []),
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
      const session = new ExecSession(
        root,
        workflow,
        view,
        (asked) => new ExecRun(config, { ...wish, ...asked }, view),
      );
      const signals = new Signals(() => process.exit(3));
      void signals.first.then(() => session.cancel());
      signals.again = () => session.kill();
      try {
        const status = options.watch ? await session.watch() : await session.runOnce();
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
      ...['VOLT_JOB_TIMEOUT', 'VOLT_ENGINE', 'VOLT_IMAGE_PULL'],
    ],
    examples: [
      ['volt exec', 'everything that a push would run'],
      ['volt exec test lint --matrix node=22', 'two jobs, for one value of their matrix'],
      ['volt exec test --step Install --step Test', 'two steps of a job, and the actions before them'],
      ['volt exec --workflow release.yml --input level=minor', 'a workflow that is started manually'],
      ['volt exec --event pull_request --event-path pr.json', 'what a pull request would run'],
      ['volt exec --secret TOKEN --secret-file .secrets --json', 'with secrets; prints events as lines of JSON'],
      ['volt exec --image node:22', 'the tests in a container, with Docker or podman'],
      ['volt exec test --watch', 'run a job again when files change'],
    ],
  };
}
