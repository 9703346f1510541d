import type { RootCommand } from '@bomb.sh/tab';
import { Argument, type Command, type Option } from 'commander';
import { pause } from '../system/wait.ts';
import type { buildList } from '../web/schemas/builds.ts';
import type { repositoryList } from '../web/schemas/repositories.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf } from './options.ts';
import { buildArgumentHelp, repositoryArgumentHelp } from './resolve.ts';
import { buildName } from './wording.ts';

const shells = ['bash', 'zsh', 'fish'];

/** Milliseconds that a person who has pressed the tab key waits for names at most. */
const patience = 1000;

/** What completes arguments and options that name builds and repositories. */
interface Names {
  repositories: string[];
  builds: string[];
}

/** Adds `volt completion`, and the hidden `volt complete`, which the script of a shell calls at each press of the tab key. */
export function completionCommand(program: Command): CommandFile {
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[], _: object, command: Command) => {
      const { RootCommand } = await import('@bomb.sh/tab');
      const tree = new RootCommand();
      const late: Names = { repositories: [], builds: [] };
      const names = await Promise.race([namesFor(command), pause(patience).then(() => late)]).catch(() => late);
      addAll(tree, program, '', names);
      tree.parse(words);
    });
  const command = program
    .command('completion')
    .summary('complete commands, options and names in a shell')
    .description(
      'Prints a script that completes commands, options, and the names of repositories and builds. Bash needs the package bash-completion.',
    )
    .addArgument(new Argument('<shell>').choices(shells))
    .action(async (shell: string) => {
      const { script } = await import('@bomb.sh/tab');
      script(shell, 'volt', 'volt');
    });
  return {
    command,
    examples: [
      ['volt completion bash > ~/.local/share/bash-completion/completions/volt', 'bash'],
      ['volt completion zsh > ~/.zfunc/_volt', 'zsh, if ~/.zfunc is in its fpath'],
      ['volt completion fish > ~/.config/fish/completions/volt.fish', 'fish'],
    ],
  };
}

async function namesFor(command: Command): Promise<Names> {
  const client = Client.of(configOf(command));
  const [{ repos }, { builds }] = await Promise.all([
    client.get<Answer<typeof repositoryList>>('/repos', { limit: 500 }),
    client.get<Answer<typeof buildList>>('/builds', { limit: 50 }),
  ]);
  return { repositories: repos.map(({ name }) => name), builds: builds.map(buildName) };
}

/** Adds a command with its options, arguments and subcommands. @param path its name with those above it, without `volt` */
function addAll(tree: RootCommand, command: Command, path: string, names: Names): void {
  const added = path === '' ? tree : tree.command(path, command.summary() || command.description());
  const help = command.createHelp();
  for (const option of [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]) {
    const name = option.long?.replace(/^--/, '');
    if (name === undefined) continue;
    const short = option.short?.replace(/^-/, '');
    if (option.required || option.optional)
      added.option(name, option.description, offering(valuesOf(option, names)), short);
    else added.option(name, option.description, short);
  }
  for (const argument of command.registeredArguments)
    added.argument(argument.name(), offering(valuesOf(argument, names)), argument.variadic);
  for (const inner of help.visibleCommands(command))
    addAll(tree, inner, path === '' ? inner.name() : `${path} ${inner.name()}`, names);
}

/** The values that an option or an argument can have, as far as they are known. */
function valuesOf(named: Option | Argument, { repositories, builds }: Names): readonly string[] {
  if (named.argChoices) return named.argChoices;
  if (named.description === buildArgumentHelp) return [...repositories, ...builds];
  const isRepository = named.description === repositoryArgumentHelp || ('long' in named && named.long === '--repo');
  return isRepository ? repositories : [];
}

function offering(values: readonly string[]) {
  return (offer: (value: string, description: string) => void) => {
    for (const value of values) offer(value, '');
  };
}
