import type { NoticeMute } from '../kernel/model/notice-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';

/** What somebody wants no notices of: a branch, all of a repository, or, with null for both, all that a target sends. */
export type Muted = Pick<NoticeMute, 'repo' | 'branch'>;

/** Somebody who gets the notices of a target. */
export interface MutedBy {
  target: string;
  recipient: string;
}

/** Sends a recipient nothing more of what it has muted, not what waits either. */
export async function mute(database: Database, { target, recipient }: MutedBy, muted: Muted): Promise<void> {
  const { repo, branch } = muted;
  await database.write(async (db) => {
    await db
      .insertInto('notice_mutes')
      .values({ target, recipient, repo: repo ?? '', branch: branch ?? '', muted_at: serverNow() })
      .onConflict((conflict) => conflict.columns(['target', 'recipient', 'repo', 'branch']).doNothing())
      .execute();
    const waiting = db
      .updateTable('notices')
      .set({ due_at: null, dropped: droppedFor(muted) })
      .where('target', '=', target)
      .where('recipient', '=', recipient)
      .where('due_at', 'is not', null);
    if (repo === null) return waiting.execute();
    const builds = db.selectFrom('builds').select('builds.id').where('repo', '=', repo);
    const of = branch === null ? builds : builds.where('ref', '=', `refs/heads/${branch}`);
    return waiting.where('build_id', 'in', of).execute();
  });
}

/** Why a notice is not sent that its recipient has muted. */
export function droppedFor({ repo, branch }: Muted): string {
  if (repo === null) return 'the recipient has muted this target';
  return `the recipient has muted ${branch === null ? repo : `${branch} of ${repo}`}`;
}

/** @param muted what is not muted any more; undefined for everything */
export async function unmute(database: Database, { target, recipient }: MutedBy, muted?: Muted): Promise<void> {
  await database.write((db) => {
    const all = db.deleteFrom('notice_mutes').where('target', '=', target).where('recipient', '=', recipient);
    const some = muted && all.where('repo', '=', muted.repo ?? '').where('branch', '=', muted.branch ?? '');
    return (some ?? all).execute();
  });
}

export async function mutesOf(db: Sql | Write, target: string): Promise<NoticeMute[]> {
  const rows = await db
    .selectFrom('notice_mutes')
    .selectAll()
    .where('target', '=', target)
    .orderBy('recipient')
    .orderBy('repo')
    .orderBy('branch')
    .execute();
  return rows.map(({ recipient, repo, branch, muted_at }) => ({
    ...{ recipient, repo: repo || null, branch: branch || null },
    since: new Date(muted_at).toISOString(),
  }));
}
