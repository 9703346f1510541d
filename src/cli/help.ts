import type { Command } from 'commander';
import { settings } from '../kernel/settings.ts';
import type { CommandFile } from './command.ts';
import { asTyped } from './invocation.ts';

type Setting = (typeof settings)[number]['env'];

/** What the exit codes say, for `volt --help`. */
export const exitCodes = `
Exit codes:
  0  success
  1  the build failed
  2  wrong usage
  3  Volt or its environment failed`;

/** Commands that work with results talk to the web stage. */
const clientSettings: readonly Setting[] = ['VOLT_URL', 'VOLT_TOKEN', 'VOLT_DATA_DIR'];
/** Stages need Redis and, but for the runner, the record. */
export const stageSettings: readonly Setting[] = ['VOLT_REDIS_URL', 'VOLT_DATA_DIR', 'VOLT_LOG_LEVEL'];

/** Brings the help of a command and of those below it into the form that all have: examples, exit codes, environment. */
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

/** The settings that matter to a command, each with the first sentence of what is said of it, and its default. */
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
  return `\nEnvironment:\n${items.join('\n')}\nAll settings, with meaning and default, are in .env.example.`;
}

export function examplesText(lines: CommandFile['examples']): string {
  if (lines.length === 0) return '';
  return `\nExamples:\n${lines.map(([line, meaning]) => `  # ${meaning}\n  $ ${asTyped(line)}`).join('\n')}`;
}

function exitCodesText(judges: boolean | string): string {
  const failed = judges === true ? 'the build failed' : judges;
  return `\nExit codes:\n  0 success, ${failed ? `1 ${failed}, ` : ''}2 wrong usage, 3 Volt or its environment failed`;
}
