import { isNotable } from '../kernel/audit-words.ts';
import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import { fitsGlobs } from '../kernel/names.ts';
import { listActions } from './audit-search.ts';
import type { Database, Sql, Write } from './database.ts';

/** The entries of the audit log that targets of notices hear of. */

/** The most entries of one notice, and how many are looked at for it. */
const most = { named: 20, read: 500 };

/** Names of the targets for which there are entries, and for which no notice of earlier ones waits. */
export async function targetsWithEntries({ db }: Pick<Database, 'db'>): Promise<string[]> {
  const rows = await db
    .selectFrom('notice_targets')
    .select('name')
    .where('choice', '=', 'audit')
    .where(({ eb, selectFrom }) =>
      eb(
        'audit_after',
        '<',
        selectFrom('audit').select((of) => of.fn.max('audit.id').as('id')),
      ),
    )
    .where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('notices')
            .select('notices.id')
            .whereRef('notices.target', '=', 'notice_targets.name')
            .where('notices.event', '=', 'audit')
            .where('notices.due_at', 'is not', null),
        ),
      ),
    )
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/**
 * Takes the next entries that a target hears of: whoever takes them makes their notice in the same transaction. Those of before
 * wait in the log while a target is away, so that it gets all of them in order, and the queue of notices does not grow.
 * @returns the ids of the first and the last one; undefined if it hears of none of them
 */
export async function takeEntries(
  db: Write,
  { name, repos }: { name: string; repos: readonly string[] },
): Promise<{ first: number; last: number } | undefined> {
  const { audit_after: after } = await db
    .selectFrom('notice_targets')
    .select('audit_after')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  const read = await listActions({ db }, { after: after ?? 0, order: 'oldest', limit: most.read });
  const named = read.filter((entry) => isFor(repos, entry)).slice(0, most.named);
  const [first, last] = [named[0]?.id, named.at(-1)?.id];
  const until = named.length === most.named ? last : read.at(-1)?.id;
  if (until !== undefined)
    await db.updateTable('notice_targets').set({ audit_after: until }).where('name', '=', name).execute();
  return first === undefined || last === undefined ? undefined : { first, last };
}

/** The entries that a notice tells of: those that are still there, oldest first. */
export async function entriesOf(
  { db }: { db: Sql },
  { first, last }: { first: number; last: number },
  repos: readonly string[],
): Promise<AuditEntry[]> {
  const read = await listActions({ db }, { after: first - 1, before: last + 1, order: 'oldest', limit: most.read });
  return read.filter((entry) => isFor(repos, entry));
}

/** A target for some repositories hears of nothing else. */
function isFor(repos: readonly string[], entry: AuditEntry): boolean {
  return isNotable(entry) && (repos.length === 0 || (entry.repo !== null && fitsGlobs(repos, entry.repo)));
}
