import { type Command, Option } from 'commander';
import { actorWords, auditOutcomes } from '../kernel/audit-words.ts';
import { VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { parseSince } from '../kernel/since.ts';
import type { auditLog } from '../web/schemas/audit.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { paint, plain, print, printJson, write } from './terminal.ts';
import { ago } from './times.ts';

interface AuditOptions {
  actor?: string;
  action?: string;
  target?: string;
  address?: string;
  repo?: string;
  outcome?: string;
  since?: string;
  until?: string;
  before?: string;
  after?: string;
  limit: number;
  json?: boolean;
  jsonLines?: boolean;
}

export function auditCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('audit'))
    .summary('list who did what')
    .description(
      'Searches the changes that people and programs made through the dashboard, the API or commands, and attempts to sign in, newest first.',
    )
    .argument('[words...]', 'only entries with all of these words')
    .option(
      '--actor <name>',
      'only what this person or token did; "owner" is the main token, "unknown" a failed sign-in',
    )
    .option('--action <action>', 'only this action, or all that begin so: builds.cancel, builds, sign-in')
    .option('--target <text>', 'only what was done to this: a part of app#12, or of the name of a secret')
    .option('--address <address>', 'only from this network address, or all that begin so')
    .option('--repo <name>', 'only of this repository')
    .addOption(new Option('--outcome <outcome>', 'only what has ended so').choices(auditOutcomes))
    .option('--since <time>', 'only from then on: an age such as 2h or 7d, or a date such as 2026-01-31')
    .option('--until <time>', 'only from before then')
    .option('--before <id>', 'only entries older than this one; use it to get the next page')
    .option('--limit <number>', 'show at most this many entries', integer(1, 500), 20)
    .option('--json-lines', 'print all entries that match, oldest first, as one line of JSON each')
    .option('--after <id>', 'with --json-lines: only entries newer than this one')
    .action(async (words: string[], { json, jsonLines, limit, before, after, ...given }: AuditOptions) => {
      const client = Client.of(configOf(command));
      const text = words.join(' ') || undefined;
      const search = { ...given, text, since: timeOf('--since', given.since), until: timeOf('--until', given.until) };
      if (jsonLines) {
        for await (const piece of client.bytes('/audit/export', { ...search, after })) await write(piece);
        return;
      }
      const page = await client.get<Answer<typeof auditLog>>('/audit', { ...search, before, limit });
      if (json) return printJson(page);
      await printEntries(page.entries, 'no entries', {
        WHEN: ({ at }) => ago(at),
        WHO: (entry) => plain(actorWords(entry)),
        FROM: ({ address }) => plain(address),
        ACTION: ({ action }) => plain(action),
        TARGET: ({ target, about }) => plain(about ?? target),
        OUTCOME: ({ outcome, error }) => (error === null ? outcome : `${outcome}: ${plain(error)}`),
      });
      if (page.next !== null && process.stdout.isTTY) print(paint('dim', `next page: --before ${page.next}`));
    });
  return {
    command,
    examples: [
      ['volt audit', 'the newest entries'],
      ['volt audit --action builds.cancel --repo app', 'who cancelled builds of app'],
      ['volt audit --actor unknown --since 7d', 'failed attempts to sign in'],
      ['volt audit NPM_TOKEN', 'who changed this secret'],
      ['volt audit --json-lines --after 1200 >> audit.jsonl', 'what has come since entry 1200, for another program'],
    ],
  };
}

function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = parseSince(text, serverNow());
  if (at !== undefined) return new Date(at).toISOString();
  throw new VoltError('usage', `"${plain(text)}" is not a time`, {
    remedy: `Give ${option} an age such as 90m, 2h or 7d, or a date such as 2026-01-31.`,
  });
}
