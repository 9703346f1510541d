import { Command, CommanderError } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { asTyped } from '../kernel/invocation.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { version } from '../kernel/version.ts';
import { accessCommand } from './access.ts';
import { approveCommand } from './approve.ts';
import { auditCommand } from './audit.ts';
import { backupCommand } from './backup.ts';
import { buildsCommand } from './builds.ts';
import { cancelCommand } from './cancel.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config.ts';
import { credentialCommand } from './credential.ts';
import { discoverCommand } from './discover.ts';
import { dispatcherCommand } from './dispatcher.ts';
import { doctorCommand } from './doctor.ts';
import { environmentCommand } from './environment.ts';
import { printError } from './errors.ts';
import { execCommand } from './exec.ts';
import { forgeCommand } from './forge.ts';
import { completeHelp, environmentText, examplesText, exitCodes } from './help.ts';
import { initCommand } from './init.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { logsCommand } from './logs.ts';
import { notifierCommand } from './notifier.ts';
import { notifyCommand } from './notify.ts';
import { observerCommand } from './observer.ts';
import { openCommand } from './open.ts';
import { peopleCommand } from './people.ts';
import { providerCommand } from './provider.ts';
import { pruneCommand } from './prune.ts';
import { redisAclCommand } from './redis-acl.ts';
import { repoCommand } from './repo.ts';
import { reporterCommand } from './reporter.ts';
import { restoreCommand } from './restore.ts';
import { retryCommand } from './retry.ts';
import { runnerCommand } from './runner.ts';
import { runnerKeyCommand } from './runner-key.ts';
import { runnersCommand } from './runners.ts';
import { searchCommand } from './search.ts';
import { secretCommand } from './secret.ts';
import { sessionCommand } from './session.ts';
import { showCommand } from './show.ts';
import { signInCommand } from './sign-in.ts';
import { statusCommand } from './status.ts';
import { flush, paint } from './terminal.ts';
import { testsCommand } from './tests.ts';
import { tokenCommand } from './token.ts';
import { triggerCommand } from './trigger.ts';
import { upCommand } from './up.ts';
import { validateCommand } from './validate.ts';
import { variableCommand } from './variable.ts';
import { watchCommand } from './watch.ts';
import { webCommand } from './web.ts';
import { whoamiCommand } from './whoami.ts';

/** The commands by group, in the order of `volt --help`. */
const commands = {
  'Run Volt:': [upCommand, statusCommand, runnersCommand, completionCommand],
  'Builds:': [
    ...[triggerCommand, buildsCommand, searchCommand, showCommand, watchCommand, openCommand, logsCommand],
    ...[testsCommand, cancelCommand, retryCommand, approveCommand],
  ],
  'Tests and workflows:': [discoverCommand, execCommand, initCommand, validateCommand],
  'Repositories:': [
    ...[
      repoCommand,
      credentialCommand,
      secretCommand,
      variableCommand,
      environmentCommand,
      forgeCommand,
      notifyCommand,
    ],
  ],
  'Administration:': [
    signInCommand,
    loginCommand,
    logoutCommand,
    whoamiCommand,
    sessionCommand,
    providerCommand,
    accessCommand,
    tokenCommand,
    runnerKeyCommand,
    configCommand,
    peopleCommand,
    auditCommand,
    doctorCommand,
    backupCommand,
    restoreCommand,
    pruneCommand,
    redisAclCommand,
  ],
  'Single stages:': [observerCommand, dispatcherCommand, runnerCommand, reporterCommand, notifierCommand, webCommand],
};

/** The settings that `volt --help` shows. */
const firstSettings = ['VOLT_DATA_DIR', 'VOLT_REDIS_URL', 'VOLT_HTTP_PORT', 'VOLT_URL', 'VOLT_TOKEN'];

/**
 * Runs one command of `volt` and ends the process with its exit code: 0 success, 1 the build failed, 2 wrong usage,
 * 3 Volt or its environment failed.
 * @param args the arguments after the program's name
 */
export async function run(args: string[]): Promise<never> {
  // a reader that has gone, as in `volt builds | head`, or a closed terminal is not an error
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
  // every user of the machine can read the arguments of a process: hide a password at once
  if (args.some((arg) => hideCredentials(arg) !== arg)) process.title = 'volt';
  const program = createProgram();
  // what a library never answers leaves nothing to wait for: Node would end then, without a word and with a code of its own
  process.once('beforeExit', () => {
    process.exitCode = conclude(new Error('the command ended before its work was done'), program, args);
    process.exit();
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = conclude(error, program, args);
  }
  await flush();
  // a handle that a library keeps open must not keep the process alive
  process.exit();
}

/** All commands of `volt`, with their options. */
export function createProgram(): Command {
  const program: Command = new Command('volt')
    .description('Continuous integration for any git repository, on your own machines.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .option('--redis <url>', 'address of Redis, for example redis://:password@host:6379 (VOLT_REDIS_URL)')
    .option('--data <dir>', 'data directory (VOLT_DATA_DIR; default .volt)')
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => paint('bold', title) })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText(
      'after',
      examplesText([
        ['volt up --repo ../my-project', 'watch a repository and show its builds in the browser'],
        ['volt builds --repo my-project', 'list its builds, newest first'],
        ['volt logs my-project -f', 'follow the log of its newest build'],
        ['volt up --help', 'help for one command'],
      ]),
    )
    .addHelpText('after', exitCodes)
    .addHelpText('after', () => environmentText(program, firstSettings));
  program.addHelpCommand(
    new Command('help').argument('[command]').description('show the help of a command').helpGroup('Run Volt:'),
  );
  for (const [heading, group] of Object.entries(commands)) {
    for (const add of group) {
      const file = add(program);
      file.command.helpGroup(heading);
      completeHelp(file);
    }
  }
  return program;
}

/** The command that the arguments name, with its group, for example `repo add`; undefined if they name none. */
function commandNamed(program: Command, args: string[]): string | undefined {
  const named = args.find((arg) => program.commands.some((each) => each.name() === arg));
  const command = program.commands.find((each) => each.name() === named);
  const next = command && args[args.indexOf(command.name()) + 1];
  const inner = command?.commands.find((each) => next === each.name());
  return inner ? `${command?.name()} ${inner.name()}` : command?.name();
}

/** @returns the exit code */
function conclude(error: unknown, program: Command, args: string[]): number {
  if (!(error instanceof CommanderError)) return printError(error, args.includes('--json'));
  if (error.exitCode === 0) return 0;
  // `volt` alone has printed its help
  if (error.code === 'commander.help') return 2;
  const name = commandNamed(program, args);
  const usage = new VoltError('usage', error.message.replace(/^error: /, ''), {
    remedy: `See: ${asTyped(`volt ${name === undefined ? '' : `${name} `}--help`)}`,
  });
  return printError(usage, args.includes('--json'));
}
