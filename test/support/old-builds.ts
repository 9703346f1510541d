import { sql } from 'kysely';
import type { Database } from '../../src/record/database.ts';

/** Finished builds, far more than open ones. */
const many = 5000;

/**
 * Fills a PostgreSQL database with old builds and analyzes it, because PostgreSQL scans a small table whatever its
 * indexes. SQLite chooses by indexes alone, so its database stays as it is.
 */
export async function fillWithOldBuilds(database: Database, repo: string): Promise<void> {
  if (database.kind === 'sqlite') return;
  await database.write(async (db) => {
    await sql`
      insert into builds (repo, number, ref, sha, offer, subject, author, committed_at, trigger, status, created_at,
        started_at, finished_at, reported_at)
      select ${repo}, n, 'refs/heads/main', md5(n::text), 'past-' || n, '', '', n, 'push', 'success', n, n, n, n
      from generate_series(1001, ${sql.lit(1000 + many)}) n`.execute(db);
    await sql`
      insert into jobs (id, build_id, position, name, labels, needs, plan, timeout, status, attempt, virtual_start,
        created_at, started_at, finished_at)
      select id || '-1', id, 1, 'test', '[]', '[]', '{}', 60, 'success', 1, 0, number, number, number
      from builds where status = 'success'`.execute(db);
    await sql`
      insert into attempts (job_id, number, status, created_at, started_at, finished_at)
      select id, 1, 'success', created_at, started_at, finished_at from jobs where status = 'success'`.execute(db);
  });
  await sql`analyze`.execute(database.db);
}
