import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Database } from './database.ts';

/** Builds that are read at a time. */
const page = 500;

/**
 * Removes the models of workflows that no build uses. The used ones are read page by page; the transaction that removes checks
 * the builds that were created in this time.
 * @returns how many
 */
export async function removeUnusedModels(database: Database): Promise<number> {
  const used = new Set<string>();
  let seen = 0;
  for (;;) {
    const rows = await database.db
      .selectFrom('build_workflows')
      .select(['build_id', 'models'])
      .where('build_id', '>', seen)
      .orderBy('build_id')
      .limit(page)
      .execute();
    for (const { models } of rows) for (const hash of JSON.parse(models) as string[]) used.add(hash);
    const last = rows.at(-1);
    if (!last) break;
    seen = last.build_id;
    await yieldToOthers();
  }
  let removed = 0;
  for (const { hash } of await database.db.selectFrom('workflow_models').select('hash').execute()) {
    if (used.has(hash)) continue;
    const gone = await database.write((db) =>
      db
        .deleteFrom('workflow_models')
        .where('hash', '=', hash)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('build_workflows')
                .select('build_id')
                .where('build_id', '>', seen)
                .where('models', 'like', `%${hash}%`),
            ),
          ),
        )
        .returning('hash')
        .executeTakeFirst(),
    );
    if (gone) removed++;
    await yieldToOthers();
  }
  return removed;
}
