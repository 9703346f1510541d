import { parseArgs } from 'node:util';
import { split } from 'shlex';
import { hint } from '../../kernel/similar-words.ts';
import { type ParsedOptions, refused, shortNames, switches, valued } from './option-flags.ts';
import { ContainerProblem, quoted } from './problem.ts';

/** Characters of `options`, and of the `command` of a service. */
const longest = 10_000;

/**
 * Words of a command line with quotes, as a shell splits them; nothing is expanded.
 * @throws ContainerProblem
 */
export function wordsOf(text: string): string[] {
  if (text.length > longest)
    throw new ContainerProblem('invalid', `${quoted(text)} has more than ${longest} characters`);
  try {
    return split(text);
  } catch {
    throw new ContainerProblem('invalid', `a quote or an escape is not closed in ${quoted(text)}`);
  }
}

/**
 * Parses `options`: flags of `docker create`, of which Volt allows those that give a job no rights on the machine, and notes a few
 * that a runner can allow.
 * @throws ContainerProblem for the first flag that is not allowed or has a wrong value
 */
export function parseOptions(text: string): ParsedOptions {
  const into: ParsedOptions = {
    options: {
      ...{ aliases: [], hosts: [], dns: [], dnsSearch: [], labels: {}, ulimits: [], tmpfs: {}, capDrop: [] },
      ...{ readOnly: false, init: false },
      machine: { privileged: false, capAdd: [], devices: [], hostPid: false, hostIpc: false },
    },
    ...{ env: {}, ports: [], volumes: [], privileged: [], reaching: [] },
  };
  const { tokens } = parseArgs({ args: wordsOf(text), options: known, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') {
      const word = token.kind === 'positional' ? token.value : '--';
      throw new ContainerProblem(
        'invalid',
        `${quoted(word)} in \`options\` is not an option; put values with spaces in quotes`,
      );
    }
    const name = shortNames[token.name] ?? token.name;
    const { value, inlineValue, rawName } = token;
    const isShort = !rawName.startsWith('--');
    if (Object.hasOwn(switches, name)) switches[name]?.(into, isTrue(name, value));
    else if (!Object.hasOwn(valued, name)) throw unknown(name);
    else if (value === undefined) throw new ContainerProblem('invalid', `the option \`--${name}\` needs a value`);
    // `-e=NAME=value` is valid for Docker
    else valued[name]?.(into, isShort && inlineValue ? value.replace(/^=/, '') : value);
  }
  return into;
}

const known = Object.fromEntries([
  ...Object.keys(valued).map((name) => [name, { type: 'string', ...shortOf(name) }] as const),
  ...Object.keys(switches).map((name) => [name, { type: 'boolean', ...shortOf(name) }] as const),
]);

function shortOf(name: string): { short?: string } {
  const [short] = Object.entries(shortNames).find(([, long]) => long === name) ?? [];
  return short === undefined ? {} : { short };
}

function isTrue(name: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw new ContainerProblem('invalid', `the option \`--${name}\` is true or false, not ${quoted(value)}`);
}

function unknown(name: string): ContainerProblem {
  const problem = refused(name);
  const meant = hint(name, [...Object.keys(valued), ...Object.keys(switches)]);
  return new ContainerProblem(problem.severity, `${problem.message}${meant}`);
}

/** For the container of a job, which keeps no entrypoint. @throws ContainerProblem */
export function refuseEntrypoint(entrypoint: string | undefined): void {
  if (entrypoint !== undefined)
    throw new ContainerProblem('unsupported', 'the option `--entrypoint` is not supported, as on GitHub');
}
