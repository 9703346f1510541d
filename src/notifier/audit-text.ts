import { actorWords, entryWords, outcomeWords } from '../kernel/audit-words.ts';
import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import { oneLine } from '../kernel/one-line.ts';
import { entriesOf } from '../record/audit-notices.ts';
import type { Database } from '../record/database.ts';
import { findNoticeTarget } from '../record/notice-targets.ts';

/** The most characters of what one entry says. */
const longest = 300;

/**
 * What a notice says of entries of the audit log.
 * @returns undefined if they were removed by now
 */
export async function auditText(
  database: Database,
  { name, entries: range, site }: { name: string; entries: { first: number; last: number }; site: string },
): Promise<
  { headline: string; lines: string[]; entries: AuditEntry[]; link: { url: string; label: string } } | undefined
> {
  const { repos } = await findNoticeTarget(database, name);
  const entries = await entriesOf(database, range, repos);
  const lines = entries.map(lineOf);
  const [only] = lines;
  if (only === undefined) return undefined;
  const link = { url: `${site}/audit?before=${range.last + 1}`, label: 'Audit log' };
  if (lines.length === 1) return { headline: only, lines: [], entries, link };
  return { headline: `${lines.length} entries of the audit log`, lines, entries, link };
}

/** `owner from 127.0.0.1: Set secret NPM_TOKEN of app (done)` */
function lineOf(entry: AuditEntry): string {
  const { act, what } = entryWords(entry);
  const from = entry.address === '' ? '' : ` from ${entry.address}`;
  return oneLine(
    `${actorWords(entry)}${from}: ${act}${what === '' ? '' : ` ${what}`} (${outcomeWords[entry.outcome]})`,
    longest,
  );
}
