import type { BuildId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Write } from './database.ts';
import { errorColumns } from './error-columns.ts';
import { forgetInGrants } from './grants.ts';
import { forgetInTargets } from './notice-targets.ts';
import { forgetInTokens } from './tokens.ts';

export interface Removal {
  url: string;
  host: string | null;
  /** open builds, which are being cancelled */
  builds: BuildId[];
}

/**
 * Stops observing a repository. Its open requests fail, its open builds are cancelled, its secrets and its list of trusted refs
 * are deleted, and tokens, people and targets of notices lose it, since another repository may get its name. Its history stays unless it is purged.
 * @param purge whether its history is deleted once its builds have ended; also for a repository that was removed before
 * @returns undefined for an unknown repository
 */
export async function removeRepository(database: Database, name: string, purge: boolean): Promise<Removal | undefined> {
  return database.write(async (db) => {
    const row = await db
      .selectFrom('repositories')
      .select(['url', 'host', 'removed_at'])
      .where('name', '=', name)
      .executeTakeFirst();
    if (!row || (row.removed_at !== null && !purge)) return undefined;
    await db
      .updateTable('repositories')
      .set((eb) => ({
        removed_at: eb.fn.coalesce('removed_at', eb.val(serverNow())),
        ...{ hook_salt: null, hook_key: null, hook_key_id: null },
        trusted_refs: null,
        awaited: '[]',
        ...(purge ? { purge: 1 } : {}),
      }))
      .where('name', '=', name)
      .execute();
    await db.updateTable('cursors').set({ absent: 1 }).where('repo', '=', name).execute();
    // the secrets and variables of environments go with these
    for (const table of [
      ...(['secrets', 'variables', 'credentials', 'environments'] as const),
      ...(['pull_requests', 'pull_request_facts', 'startable'] as const),
    ])
      await db.deleteFrom(table).where('repo', '=', name).execute();
    await forgetInTokens(db, name);
    await forgetInGrants(db, name);
    await forgetInTargets(db, name);
    await failRequests(db, name);
    return { url: row.url, host: row.host, builds: await cancelBuilds(db, name) };
  });
}

async function failRequests(db: Write, repo: string): Promise<void> {
  await db
    .updateTable('intents')
    .set({
      closed_at: serverNow(),
      ...errorColumns({
        code: 'not_found',
        message: `${repo} is no longer observed`,
        remedy: 'Add it again, then ask again.',
      }),
    })
    .where('kind', 'in', ['trigger', 'retry'])
    .where('repo', '=', repo)
    .where('closed_at', 'is', null)
    .execute();
}

async function cancelBuilds(db: Write, repo: string): Promise<BuildId[]> {
  const open = await db
    .selectFrom('builds')
    .select('id')
    .where('repo', '=', repo)
    .where('finished_at', 'is', null)
    .execute();
  if (open.length > 0) {
    const intents = open.map(({ id }) => ({ kind: 'cancel' as const, repo, build_id: id, created_at: serverNow() }));
    await db.insertInto('intents').values(intents).execute();
  }
  return open.map(({ id }) => String(id) as BuildId);
}

/** A repository whose history can be deleted now: it was purged, and all its builds have ended and are reported. */
export async function purgeableRepository(database: Database): Promise<string | undefined> {
  const row = await database.db
    .selectFrom('repositories')
    .select('name')
    .where('purge', '=', 1)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('builds')
            .select('builds.id')
            .whereRef('builds.repo', '=', 'repositories.name')
            // a final build that is not reported must still be written to test_results/
            .where('builds.reported_at', 'is', null),
        ),
      ),
    )
    .executeTakeFirst();
  return row?.name;
}

/** Some of the remaining builds of a purged repository. */
export async function buildsToPurge(database: Database, repo: string, limit: number): Promise<BuildId[]> {
  const rows = await database.db.selectFrom('builds').select('id').where('repo', '=', repo).limit(limit).execute();
  return rows.map(({ id }) => String(id) as BuildId);
}

/** Deletes builds with everything that belongs to them. */
export async function deleteBuilds(database: Database, builds: readonly BuildId[]): Promise<void> {
  await database.write((db) => db.deleteFrom('builds').where('id', 'in', builds.map(Number)).execute());
}

/** Deletes a repository without builds. */
export async function forgetRepository(database: Database, name: string): Promise<void> {
  await database.write(async (db) => {
    await db.deleteFrom('cursors').where('repo', '=', name).execute();
    await db.deleteFrom('intents').where('repo', '=', name).execute();
    await db.deleteFrom('repositories').where('name', '=', name).where('purge', '=', 1).execute();
  });
}
