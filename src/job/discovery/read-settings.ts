import type * as z from 'zod';
import { type Place, readYaml } from '../../kernel/yaml-text.ts';
import { type RepositorySettings, settingsSchema } from './settings.ts';

/** What is wrong with `.volt.yml`. */
export type SettingsProblem = Place & { message: string };

export type ReadSettings = { settings: RepositorySettings } | { problems: SettingsProblem[] };

/** Reads the text of `.volt.yml`; an empty file says nothing. */
export function readSettings(text: string): ReadSettings {
  const read = readYaml(text);
  if ('problems' in read) return read;
  const checked = settingsSchema.safeParse(read.value ?? {});
  if (checked.success) return { settings: checked.data };
  return {
    problems: checked.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ ...read.placeOf(issue.path, key), message: unknownKey(key) }))
        : [{ ...read.placeOf(issue.path), message: said(issue) }],
    ),
  };
}

function unknownKey(key: string): string {
  const known = Object.keys(settingsSchema.shape).join(', ');
  return `there is no setting ${JSON.stringify(key)}; Volt knows ${known}`;
}

function said(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.');
  return where === ''
    ? `the file must contain settings, as "command: make check" (${issue.message})`
    : `${where}: ${issue.message}`;
}
