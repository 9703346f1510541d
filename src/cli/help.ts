import type { Command } from 'commander';
import { asTyped } from '../kernel/invocation.ts';
import { settings } from '../kernel/settings.ts';
import type { CommandFile } from './command.ts';

type Setting = (typeof settings)[number]['env'];

/** The exit codes, for `volt --help`. */
export const exitCodes = `
Exit codes:
  0  success
  1  the build failed
  2  wrong usage
  3  Volt or its environment failed`;

/** Settings of the commands that call the API. */
const clientSettings: readonly Setting[] = ['VOLT_URL', 'VOLT_TOKEN', 'VOLT_DATA_DIR'];
/** Settings of the commands that run a stage. */
export const stageSettings: readonly Setting[] = ['VOLT_REDIS_URL', 'VOLT_DATA_DIR', 'VOLT_LOG_LEVEL'];

/** Adds examples, exit codes and environment to the help of a command and of its subcommands. */
export function completeHelp({ command, examples, judges, environment = clientSettings }: CommandFile): void {
  const below = command.commands.map((one) => ({
    command: one,
    examples: examples.filter(([line]) => line.startsWith(`volt ${command.name()} ${one.name()}`)),
    environment,
  }));
  for (const one of below) completeHelp(one);
  command.helpOption('-h, --help', 'show this help').addHelpText('after', examplesText(examples));
  if (below.length > 0) command.helpCommand(false);
  command.addHelpText('after', exitCodesText(judges ?? false));
  if (environment.length > 0) command.addHelpText('after', () => environmentText(command, environment));
}

/** The settings that a command uses, each with the first sentence of its description and its default. */
export function environmentText(command: Command, names: readonly string[]): string {
  const helper = command.createHelp();
  helper.prepareContext({ helpWidth: process.stdout.columns ?? 80 });
  const width = Math.max(...names.map((name) => name.length));
  const items = settings
    .filter(({ env }) => names.includes(env))
    .map(({ env, about, schema }) => {
      const standard = schema.safeParse(undefined).data;
      const [sentence = ''] = about.split(/(?<=[a-z)])\.\s(?=[A-Z])|\.$|, rediss:/);
      return helper.formatItem(
        env,
        width,
        `${sentence}${standard === undefined ? '' : ` (default: ${standard})`}`,
        helper,
      );
    });
  return `\nEnvironment:\n${items.join('\n')}\nAll settings and their defaults are in .env.example.`;
}

export function examplesText(lines: CommandFile['examples']): string {
  if (lines.length === 0) return '';
  return `\nExamples:\n${lines.map(([line, meaning]) => `  # ${meaning}\n  $ ${asTyped(line)}`).join('\n')}`;
}

function exitCodesText(judges: boolean | string): string {
  const failed = judges === true ? 'the build failed' : judges;
  return `\nExit codes:\n  0 success, ${failed ? `1 ${failed}, ` : ''}2 wrong usage, 3 Volt or its environment failed`;
}
