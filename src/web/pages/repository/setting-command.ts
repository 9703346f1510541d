import type { RepositorySettings } from '../../../record/repositories.ts';
import { type Setting, settingFields } from './setting-fields.ts';

/** The command that gives a repository these of its settings, for a shell. */
export function setCommand(repo: string, current: RepositorySettings, changed: readonly Setting[]): string {
  const words = ['volt', 'repo', 'set', repo, ...changed.flatMap((setting) => optionsOf(setting, current[setting]))];
  return words.map(quoted).join(' ');
}

function optionsOf(setting: Setting, value: unknown): string[] {
  const { control, option, without = option } = settingFields[setting];
  if (value === null || value === false) return [`--${without}`];
  if (value === true) return [`--${option}`];
  const values = valuesOf(value);
  if (control.kind === 'limit') return given(option, values.join(','));
  if (values.length === 0) return [`--${without}`];
  return control.kind === 'words' ? given(option, values.join(',')) : values.flatMap((one) => given(option, one));
}

function given(option: string, value: string): string[] {
  return value.startsWith('-') ? [`--${option}=${value}`] : [`--${option}`, value];
}

function valuesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, text]) => `${name}=${text}`);
  }
  return [String(value)];
}

/** A word as a POSIX shell takes it, see "Quoting" in https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
