import { createInterface } from 'node:readline/promises';
import { VoltError } from '../../kernel/errors.ts';
import { countText } from '../../web/config/difference-lines.ts';
import type { ConfigApplied, ConfigDifference } from '../../web/schemas/config.ts';
import type { Client } from '../client.ts';
import { print, printJson } from '../terminal.ts';
import { appliedLines, paintedLines } from './painted-lines.ts';
import { badFile, readSettingsFile, type SettingsFile } from './settings-file.ts';

export interface ActOptions {
  prune?: boolean;
  yes?: boolean;
  json?: boolean;
}

/**
 * Prints what applying a file would change.
 * @returns whether it would change anything
 * @throws VoltError `bad_setting` if something is wrong with the file
 */
export async function showDifference(client: Client, name: string, options: ActOptions): Promise<boolean> {
  const difference = await compare(client, readSettingsFile(name), options);
  if (options.json) printJson(difference);
  else printDifference(difference, name);
  return difference.changes.length > 0;
}

/** Applies a file once a person has seen what changes. @throws VoltError `usage` if nobody agrees */
export async function applyFile(client: Client, name: string, options: ActOptions): Promise<void> {
  const file = readSettingsFile(name);
  const difference = await compare(client, file, options);
  if (!options.json) printDifference(difference, name);
  if (difference.changes.length > 0 && !options.yes) await confirm(difference);
  const applied = await client.post<ConfigApplied>('/config/apply', {
    ...requestOf(file, options),
    digest: difference.digest,
  });
  if (options.json) return printJson(applied);
  for (const line of appliedLines(applied)) print(line);
  if (applied.changes.length > 0) print(`applied ${name}: ${countText(applied.changes)}`);
}

async function compare(client: Client, file: SettingsFile, options: ActOptions): Promise<ConfigDifference> {
  const difference = await client.post<ConfigDifference>('/config/diff', requestOf(file, options));
  if (difference.problems.length > 0) throw badFile(file.name, file.located(difference.problems));
  return difference;
}

function requestOf({ config, values }: SettingsFile, { prune = false }: ActOptions) {
  return { config, values, prune };
}

function printDifference(difference: ConfigDifference, name: string): void {
  for (const line of paintedLines(difference)) print(line);
  if (difference.changes.length === 0) print(`Volt is as ${name} says`);
}

async function confirm({ changes }: ConfigDifference): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new VoltError('usage', 'nobody is there to agree to these changes', {
      remedy: 'Look at them with `volt config diff`, then give --yes.',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Apply this (${countText(changes)})? [y/N] `).finally(() => terminal.close());
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new VoltError('usage', 'nothing was applied', { remedy: 'Answer "y" to apply the changes.' });
}
