import { CompiledQuery, type RootOperationNode } from 'kysely';
import type { Record } from '../../src/record/record.ts';

/**
 * How SQLite would carry out the queries of `work`, which are run.
 * @returns the steps of each plan, for example "SCAN builds" or "SEARCH jobs USING INDEX jobs_by_build (build_id=?)"
 */
export async function plansOf(record: Record, work: (record: Record) => Promise<unknown>): Promise<string[]> {
  const queries: CompiledQuery[] = [];
  const watched = record.db.withPlugin({
    transformQuery({ node, queryId }): RootOperationNode {
      queries.push(record.db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const write: Record['write'] = (change) => watched.transaction().execute(change);
  await work(Object.create(record, { db: { value: watched }, write: { value: write } }) as Record);
  const steps: string[] = [];
  for (const { sql, parameters } of queries) {
    const plan = await record.db.executeQuery<{ detail: string }>(
      CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
    );
    steps.push(...plan.rows.map(({ detail }) => detail));
  }
  return steps;
}
