import { shortHash } from '../../../kernel/names.ts';
import type { RepositorySettings } from '../../../record/repositories.ts';
import { type Field, type Setting, settingFields } from './setting-fields.ts';

/** A form as the browser sends it: the values of each field, in their order. */
export type SentForm = { readonly [name: string]: readonly string[] };

/** The settings of a form. They may be wrong: nothing has checked them. */
export type GivenValues = { [S in Setting]?: unknown };

const settings = Object.keys(settingFields) as Setting[];

/** What a form gives; a field that it does not have is not given. */
export function valuesOf(form: SentForm): GivenValues {
  const given = settings.filter((setting) => form[setting] !== undefined || form[`${setting}.name`] !== undefined);
  return Object.fromEntries(given.map((setting) => [setting, readValue(setting, settingFields[setting], form)]));
}

function readValue(setting: Setting, { control }: Field, form: SentForm): unknown {
  // a switch that is off sends only the hidden field before it
  const text = unixLines(form[setting]?.at(-1) ?? '');
  switch (control.kind) {
    case 'line':
      return text.trim() || null;
    case 'lines of text':
      return text.trim() === '' ? null : text;
    case 'number':
      return text.trim() === '' ? null : Number(text);
    case 'list':
      return partsOf(text, '\n');
    case 'words':
      return partsOf(text, /[\s,]+/);
    case 'limit':
      return form[`${setting}.limited`] === undefined ? null : partsOf(text, /[\s,]+/);
    case 'pairs':
      return pairsOf(form[`${setting}.name`] ?? [], form[`${setting}.value`] ?? []);
    case 'switch':
      return text !== '';
    case 'choice':
      return text;
  }
}

/** Browsers send every line with a carriage return. */
function unixLines(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function partsOf(text: string, separator: string | RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A row without a name is none. */
function pairsOf(names: readonly string[], values: readonly string[]): { [name: string]: string } {
  const pairs = names.map((name, index): [string, string] => [name.trim(), unixLines(values[index] ?? '')]);
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

/** Those of the values that differ from the settings. */
export function changesIn(values: GivenValues, current: RepositorySettings): GivenValues {
  const isSame = ([setting, value]: [string, unknown]) =>
    JSON.stringify(value) === JSON.stringify(current[setting as Setting]);
  return Object.fromEntries(Object.entries(values).filter((entry) => !isSame(entry)));
}

/** A mark of the settings that a page shows: whoever saves the page must have seen the current ones. */
export function markOf(current: RepositorySettings): string {
  return shortHash(JSON.stringify(settings.map((setting) => current[setting])));
}
