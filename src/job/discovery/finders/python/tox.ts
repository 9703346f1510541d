import { StepFault } from '../../../fault.ts';
import { expandBraces } from '../../../globs/braces.ts';
import { quoted } from '../../project.ts';
import { recordIn, valueIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { isLint, isPlainCommand } from './command-line.ts';
import { type Ini, iniOf, linesOf } from './ini.ts';
import { isPlainName, type Needs, type NoCommand, needsOf, noNeeds, type OwnCommand } from './needs.ts';

/** Environments that run tests, where the one for the machine's own Python has no commands. */
const testEnvironments = ['py', 'py3', 'test', 'tests', 'unit', 'unittest', 'unittests', 'pytest', 'python'];

/**
 * The commands of tox's environment for tests. They are run in Volt's environment, which is kept from build to build,
 * if all that they say is understood; else by tox itself.
 */
export function tox(tree: Tree): OwnCommand | NoCommand | undefined {
  const found = configuration(tree);
  if (found === undefined) return undefined;
  const { because, ini } = found;
  if (ini === undefined) return byTox(because, 'py', 'its settings are in TOML');
  const name = environmentOf(ini);
  if (name === undefined) return { why: `${because} has no commands that run tests` };
  const read = new Environment(ini, name);
  const understood = read.command();
  if (understood === undefined) return byTox(because, name, read.obstacle);
  return { because, why: `these are the commands of tox for its environment ${name}`, ...understood };
}

function byTox(because: string, name: string, obstacle: string): OwnCommand {
  return {
    because,
    why: `tox runs its environment ${name}, since ${obstacle}`,
    command: `tox run -e ${quoted(name)}`,
    needs: { ...noNeeds, packages: ['tox>=4'] },
  };
}

/** Where tox finds its settings, in its own order; `ini` is missing where they are in TOML. */
function configuration(tree: Tree): { because: string; ini?: Ini } | undefined {
  const inFile = (file: string, prefix = '') => {
    const ini = iniOf(tree.text(file));
    return [...ini.keys()].some((key) => key === `${prefix}tox` || key.startsWith('testenv'))
      ? { because: file, ini }
      : undefined;
  };
  const found = inFile('tox.ini') ?? inFile('setup.cfg', 'tox:');
  if (found) return found;
  const settings = recordIn(tree.toml('pyproject.toml') ?? {}, 'tool', 'tox');
  const legacy = valueIn(settings, 'legacy_tox_ini');
  if (typeof legacy === 'string') return { because: 'pyproject.toml', ini: iniOf(legacy) };
  if (Object.keys(settings).length > 0) return { because: 'pyproject.toml' };
  return tree.has('tox.toml') ? { because: 'tox.toml' } : undefined;
}

/** The environment that runs the tests: `py` with the factors of the newest one that is listed, else one with such a name. */
function environmentOf(ini: Ini): string | undefined {
  const commands = linesOf(ini.get('testenv')?.get('commands'));
  if (commands.length > 0 && !commands.every((line) => isLint(line))) {
    const listed = listedIn(ini).filter((name) => /^py(py)?\d*(-|$)/.test(name));
    const factors = listed.at(-1)?.split('-').slice(1) ?? [];
    return ['py', ...factors.filter((factor) => /^[\w.]{1,50}$/.test(factor))].join('-');
  }
  return testEnvironments.find((name) => linesOf(ini.get(`testenv:${name}`)?.get('commands')).length > 0);
}

/** `envlist`, with `{a,b}` expanded. */
function listedIn(ini: Ini): string[] {
  const core = ini.get('tox') ?? ini.get('tox:tox');
  const text = core?.get('envlist') ?? core?.get('env_list') ?? '';
  const words = linesOf(text).join(',').slice(0, 1000).replace(/\s/g, '');
  try {
    // a comma outside of braces separates, one inside is part of them
    return expandBraces(`{${words}}`).map((name) => name.replace(/[{}]/g, ''));
  } catch (error) {
    if (error instanceof StepFault) return [];
    throw error;
  }
}

/** One environment of a tox.ini, as far as it is plain. */
class Environment {
  /** what is not plain, as a clause */
  obstacle = '';
  readonly #ini: Ini;
  readonly #name: string;
  readonly #factors: readonly string[];

  constructor(ini: Ini, name: string) {
    this.#ini = ini;
    this.#name = name;
    this.#factors = name.split('-');
  }

  /** The commands, and what they need; undefined where tox must run them. */
  command(): { command: string; needs: Needs } | undefined {
    if (this.#value('install_command') !== undefined) return this.#fail('it sets install_command');
    const own = this.#lines('commands');
    const all = [this.#before(), this.#lines('commands_pre'), own, this.#lines('commands_post')];
    const deps = this.#lines('deps');
    if (all.includes(undefined) || !own || !deps) return undefined;
    if (own.length === 0) return this.#fail('it has no commands for this environment');
    const commands = all.flatMap((lines) => lines ?? []);
    if (!commands.every(isPlainCommand)) return this.#fail('not all of its commands are plain');
    const needs = needsOf(deps.flatMap((line) => (line.startsWith('-') ? line.split(/\s+/) : [line])));
    const extras = this.#lines('extras');
    const groups = this.#lines('dependency_groups');
    if (!needs || !extras || !groups) return this.#fail('its deps are not plain');
    const words = (lines: string[]) => lines.flatMap((line) => line.split(/[\s,]+/)).filter(isPlainName);
    const skips = ['skip_install', 'skipsdist', 'no_package'].some((key) => this.#isTrue(key));
    return {
      command: commands.join(' && '),
      needs: {
        ...needs,
        project: needs.project || !skips,
        extras: [...needs.extras, ...words(extras)],
        groups: [...needs.groups, ...words(groups)],
      },
    };
  }

  /** What the folder and the variables of the environment come to in a shell. */
  #before(): string[] | undefined {
    const folder = this.#value('changedir') ?? this.#value('change_dir');
    const plain = folder?.replace(/^\{(?:toxinidir|tox_root)\}\/?(?=[^\s])/, '');
    const usesRoot = /\{(?:toxinidir|tox_root)\}/.test(
      `${this.#value('commands')}${this.#value('setenv')}${this.#value('set_env')}`,
    );
    if (plain !== undefined && (usesRoot || !/^[\w][\w./-]{0,200}$/.test(plain)))
      return this.#fail('it sets changedir');
    const set = [...(this.#lines('setenv') ?? ['']), ...(this.#lines('set_env') ?? [''])];
    const variables = set.map((line) => /^(\w{1,100})\s?=\s?([\w./:,+@%-]{0,300})$/.exec(line));
    if (variables.includes(null)) return this.#fail('it sets variables that only tox knows');
    const exports = variables.map((found) => `export ${found?.[1]}=${found?.[2]}`);
    return [...(plain === undefined ? [] : [`cd ${plain}`]), ...exports];
  }

  #fail(obstacle: string): undefined {
    this.obstacle = obstacle;
  }

  #value(key: string): string | undefined {
    return this.#ini.get(`testenv:${this.#name}`)?.get(key) ?? this.#ini.get('testenv')?.get(key);
  }

  #isTrue(key: string): boolean {
    const value = this.#value(key) ?? this.#ini.get('tox')?.get(key) ?? this.#ini.get('tox:tox')?.get(key);
    return value?.trim().toLowerCase() === 'true';
  }

  /** The lines of a setting that count for this environment, with substitutions made. */
  #lines(key: string): string[] | undefined {
    const lines: string[] = [];
    for (const line of linesOf(this.#replaced(this.#value(key) ?? '', 0))) {
      const [, condition, rest] = /^([\w.!,{}-]{1,200}):\s+(.*)$/.exec(line) ?? [];
      const text = condition === undefined ? line : (rest ?? '');
      if (condition !== undefined && !this.#holds(condition)) continue;
      if (/\{/.test(text)) return this.#fail(`${key} has substitutions that only tox knows`);
      lines.push(text);
    }
    return lines;
  }

  /** Whether a condition such as `django50,!cov` holds: one of its parts, all of whose factors hold. */
  #holds(condition: string): boolean {
    let parts: string[];
    try {
      parts = condition.split(/,(?![^{]*\})/).flatMap((part) => expandBraces(part));
    } catch {
      return false;
    }
    return parts.some((part) =>
      part
        .split('-')
        .every((factor) =>
          factor.startsWith('!') ? !this.#factors.includes(factor.slice(1)) : this.#factors.includes(factor),
        ),
    );
  }

  /** Makes the substitutions that have one meaning in any environment. */
  #replaced(text: string, depth: number): string {
    if (depth > 3 || text.length > 20_000) return text;
    return text
      .replace(/\{(?:toxinidir|tox_root)\}\/?(?=[^\s])/g, '')
      .replace(/\{(?:toxinidir|tox_root)\}/g, '.')
      .replace(/\{(?:envpython|env_python)\}/g, 'python')
      .replace(/\{(?:envname|env_name)\}/g, this.#name)
      .replace(/\{\[([^\]{}]{1,100})\]([\w-]{1,100})\}/g, (all, section: string, key: string) => {
        const value = this.#ini.get(section)?.get(key.toLowerCase());
        return value === undefined ? all : this.#replaced(value, depth + 1);
      })
      .replace(/\{posargs(?::([^{}]*))?\}/g, (_, otherwise: string | undefined) => otherwise ?? '');
  }
}
