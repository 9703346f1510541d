import { Command, CommanderError } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { version } from '../kernel/version.ts';
import { buildsCommand } from './builds.ts';
import { cancelCommand } from './cancel.ts';
import { credentialCommand } from './credential.ts';
import { dispatcherCommand } from './dispatcher.ts';
import { printError } from './errors.ts';
import { logsCommand } from './logs.ts';
import { observerCommand } from './observer.ts';
import { reporterCommand } from './reporter.ts';
import { retryCommand } from './retry.ts';
import { runnerCommand } from './runner.ts';
import { runnersCommand } from './runners.ts';
import { secretCommand } from './secret.ts';
import { showCommand } from './show.ts';
import { statusCommand } from './status.ts';
import { flush } from './terminal.ts';
import { triggerCommand } from './trigger.ts';
import { upCommand } from './up.ts';
import { validateCommand } from './validate.ts';
import { variableCommand } from './variable.ts';
import { webCommand } from './web.ts';

/** In the order in which `volt --help` lists them. */
const commands = [
  upCommand,
  triggerCommand,
  buildsCommand,
  showCommand,
  logsCommand,
  cancelCommand,
  retryCommand,
  validateCommand,
  runnersCommand,
  statusCommand,
  credentialCommand,
  secretCommand,
  variableCommand,
  observerCommand,
  dispatcherCommand,
  runnerCommand,
  reporterCommand,
  webCommand,
];

/**
 * Runs one command of `volt` and ends the process with its exit code: 0 success, 1 the build failed, 2 wrong usage,
 * 3 Volt or its environment failed.
 * @param args what follows the program's name
 */
export async function run(args: string[]): Promise<never> {
  // a reader that has seen enough, as in `volt builds | head`, or a terminal that was closed, is no fault
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
  const program = createProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = conclude(error, program, args);
  }
  await flush();
  // whatever a library still holds open must not keep a finished command alive
  process.exit();
}

function createProgram(): Command {
  const program = new Command('volt')
    .description('Continuous integration for any git repository, on machines you own.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .option('--redis <url>', 'address of Redis, as redis://:password@host:6379 (VOLT_REDIS_URL)')
    .option('--data <dir>', 'data directory (VOLT_DATA_DIR; .volt)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText(
      'after',
      examples(
        ['volt up --repo ../my-project', 'observe a repository and show its builds in the browser'],
        ['volt builds --repo my-project', 'its builds, newest first'],
        ['volt logs my-project -f', 'follow the log of its newest build'],
        ['volt up --help', 'more about one command'],
      ),
    );
  for (const add of commands) {
    const { command, examples: lines } = add(program);
    command.helpOption('-h, --help', 'show this help').addHelpText('after', examples(...lines));
  }
  return program;
}

function examples(...lines: [line: string, meaning: string][]): string {
  return `\nExamples:\n${lines.map(([line, meaning]) => `  # ${meaning}\n  $ ${line}`).join('\n')}`;
}

/** @returns the exit code */
function conclude(error: unknown, program: Command, args: string[]): number {
  if (!(error instanceof CommanderError)) return printError(error, args.includes('--json'));
  if (error.exitCode === 0) return 0;
  // `volt` alone has printed its help
  if (error.code === 'commander.help') return 2;
  const name = program.commands.find((command) => args.includes(command.name()))?.name();
  const usage = new VoltError('usage', error.message.replace(/^error: /, ''), {
    remedy: `See: volt ${name === undefined ? '' : `${name} `}--help`,
  });
  return printError(usage, args.includes('--json'));
}
