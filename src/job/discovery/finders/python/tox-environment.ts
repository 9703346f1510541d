import { expandBraces } from '../../../globs/braces.ts';
import { isPlainCommand } from './command-line.ts';
import { type Ini, linesOf } from './ini.ts';
import { isPlainName, type Needs, needsOf } from './needs.ts';

/** One environment of a tox.ini, as far as it is plain. */
export class ToxEnvironment {
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
    const own = this.lines('commands');
    const all = [this.#before(), this.lines('commands_pre'), own, this.lines('commands_post')];
    const deps = this.lines('deps');
    if (all.includes(undefined) || !own || !deps) return undefined;
    if (own.length === 0) return this.#fail('it has no commands for this environment');
    const found = all.flatMap((lines) => lines ?? []);
    const folder = `.tox/${this.#name}/tmp`;
    // tox makes its folders before it runs a command
    const commands = found.some((line) => line.includes('.tox')) ? [`mkdir -p ${folder}`, ...found] : found;
    if (!commands.every(isPlainCommand)) return this.#fail('not all of its commands are plain');
    const needs = needsOf(deps.flatMap((line) => (line.startsWith('-') ? line.split(/\s+/) : [line])));
    const extras = this.lines('extras');
    const groups = this.lines('dependency_groups');
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
    const set = [...(this.lines('setenv') ?? ['']), ...(this.lines('set_env') ?? [''])];
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

  /** The lines of a setting that count for this environment, with substitutions made; undefined where tox must make them. */
  lines(key: string): string[] | undefined {
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
      .replace(/\{(?:envtmpdir|env_tmp_dir)\}/g, `.tox/${this.#name}/tmp`)
      .replace(/\{(?:toxworkdir|tox_work_dir|work_dir)\}/g, '.tox')
      .replace(/\{\[([^\]{}]{1,100})\]([\w-]{1,100})\}/g, (all, section: string, key: string) => {
        const value = this.#ini.get(section)?.get(key.toLowerCase());
        return value === undefined ? all : this.#replaced(value, depth + 1);
      })
      .replace(/\{posargs(?::([^{}]*))?\}/g, (_, otherwise: string | undefined) => otherwise ?? '');
  }
}
