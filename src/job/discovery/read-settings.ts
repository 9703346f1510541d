import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type * as z from 'zod';
import { type RepositorySettings, settingsSchema } from './settings.ts';

/** What is wrong with `.volt.yml`, with line and column from 1. */
export interface SettingsProblem {
  line: number;
  column: number;
  message: string;
}

export type ReadSettings = { settings: RepositorySettings } | { problems: SettingsProblem[] };

/** Collections that aliases may stand for, so that a short file does not become a long one. */
const mostAliases = 100;

/** Reads the text of `.volt.yml`; an empty file says nothing. */
export function readSettings(text: string): ReadSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    return {
      problems: faults.map(({ pos, message }) => ({
        ...at(pos[0]),
        message: message.split(/:?\n| at line /, 1)[0] ?? '',
      })),
    };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    return { problems: [{ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) }] };
  }
  const checked = settingsSchema.safeParse(value ?? {});
  if (checked.success) return { settings: checked.data };
  const node = (path: PropertyKey[]) => document.getIn(path, true) as Node | undefined;
  return {
    problems: checked.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ ...at(offsetOfKey(node(issue.path), key)), message: unknownKey(key) }))
        : [{ ...at(node(issue.path)?.range?.[0] ?? 0), message: said(issue) }],
    ),
  };
}

function offsetOfKey(map: Node | undefined, key: string): number {
  const pair = isMap(map) ? map.items.find(({ key: each }) => isScalar(each) && String(each.value) === key) : undefined;
  return (isScalar(pair?.key) ? pair.key.range?.[0] : undefined) ?? 0;
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
