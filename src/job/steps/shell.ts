import { VoltError } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';

/** The command line for the script of a step. */
export interface ShellCommand {
  argv: string[];
  /** extension of the script's file, with the dot */
  extension: string;
}

/** Arguments of the shells that have a name, from GitHub's runner (`ScriptHandlerHelpers.cs`). */
const builtin: Readonly<Record<string, { arguments: string; extension: string }>> = {
  bash: { arguments: '--noprofile --norc -e -o pipefail {0}', extension: '.sh' },
  sh: { arguments: '-e {0}', extension: '.sh' },
  python: { arguments: '{0}', extension: '.py' },
  pwsh: { arguments: '-command ". \'{0}\'"', extension: '.ps1' },
};

/**
 * The command line of a step's shell.
 * @param shell as in the workflow: undefined, a name, or a command line with `{0}` for the script
 * @param usual shells of a step that names none, the preferred one first
 * @param find returns the path of a program on the step's search path
 * @param script returns the path of the script's file for an extension
 * @throws StepFault if it is not a shell; VoltError `tool_missing` if this machine does not have it, `unsupported`
 */
export async function shellCommand(
  shell: string | undefined,
  usual: readonly string[],
  find: (name: string) => Promise<string | undefined>,
  script: (extension: string) => string,
): Promise<ShellCommand> {
  const given = shell?.trim() ?? '';
  if (given === '') {
    for (const name of usual) {
      const program = await find(name);
      if (program !== undefined) return { argv: [program, '-e', script('.sh')], extension: '.sh' };
    }
    throw missing('sh');
  }
  const space = given.search(/\s/);
  const name = space < 0 ? given : given.slice(0, space);
  const lower = name.toLowerCase();
  if (lower === 'cmd' || lower === 'powershell') {
    throw new VoltError('unsupported', `the shell "${name}" runs on Windows only`, {
      remedy: 'Use bash, sh, python or pwsh.',
    });
  }
  // the case of names does not matter, as on GitHub; another program is called as it is written
  const known = Object.hasOwn(builtin, lower) ? builtin[lower] : undefined;
  const format = space < 0 ? known?.arguments : given.slice(space + 1);
  if (format === undefined || !format.includes('{0}')) {
    throw new StepFault(
      `Invalid shell option "${given}". Shell must be bash, sh, python, pwsh or a command line that contains '{0}'`,
    );
  }
  const called = known === undefined ? name : lower;
  const program = (await find(called)) ?? (called === 'python' ? await find('python3') : undefined);
  if (program === undefined) throw missing(called);
  const file = script(known?.extension ?? '');
  return {
    argv: [program, ...splitArguments(format).map((part) => part.replaceAll('{0}', file))],
    extension: known?.extension ?? '',
  };
}

/**
 * Splits a command line into arguments: blanks separate, double quotes group, and a backslash before a double quote
 * makes it an ordinary character.
 */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let current: string | undefined;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\' && text[at + 1] === '"') {
      current = `${current ?? ''}"`;
      at++;
    } else if (character === '"') {
      quoted = !quoted;
      current ??= '';
    } else if (!quoted && /\s/.test(character)) {
      if (current !== undefined) parts.push(current);
      current = undefined;
    } else {
      current = `${current ?? ''}${character}`;
    }
  }
  return current === undefined ? parts : [...parts, current];
}

function missing(name: string): VoltError {
  return new VoltError('tool_missing', `there is no "${name}" on the search path of the step`, {
    remedy: 'Install it on the runner or in the image of the container, or choose another shell for the step.',
  });
}
