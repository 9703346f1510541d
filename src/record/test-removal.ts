import { setImmediate } from 'node:timers/promises';
import type { BuildId } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** Rows that are removed at a time. */
const atOnce = 500;

/** Removes the results of a finished build, some at a time, before the build itself is removed. */
export async function removeResults(database: Database, build: BuildId): Promise<void> {
  const rows = database.db
    .selectFrom('test_results')
    .innerJoin('builds', 'builds.id', 'test_results.build_id')
    .select('test_results.id')
    .where('test_results.build_id', '=', Number(build))
    .where('builds.finished_at', 'is not', null)
    .limit(atOnce);
  for (let removed = atOnce; removed === atOnce; await setImmediate()) {
    removed = await database.write(async (db) => {
      return (await db.deleteFrom('test_results').where('id', 'in', rows).returning('id').execute()).length;
    });
  }
}

/** Removes the tests of a repository without results, because all builds with results were removed. */
export async function removeForgottenTests(database: Database, repo: string): Promise<void> {
  const oldest = await database.db
    .selectFrom('builds')
    .select('id')
    .where('repo', '=', repo)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  let rows = database.db.selectFrom('tests').select('id').where('repo', '=', repo).limit(atOnce);
  if (oldest) rows = rows.where('last_build', '<', oldest.id);
  for (let removed = atOnce; removed === atOnce; await setImmediate()) {
    removed = await database.write(async (db) => {
      return (await db.deleteFrom('tests').where('id', 'in', rows).returning('id').execute()).length;
    });
  }
}
