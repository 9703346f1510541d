import { CompiledQuery, type RootOperationNode } from 'kysely';
import type { Database } from '../../src/record/database.ts';

/**
 * Runs `work` and returns how the database executes its queries. PostgreSQL's choice depends on the size of the tables.
 * @returns the steps of each plan, for example "SCAN builds" or "SEARCH jobs USING INDEX jobs_by_build (build_id=?)" of
 * SQLite, and "Seq Scan on builds" of PostgreSQL
 */
export async function plansOf(database: Database, work: (database: Database) => Promise<unknown>): Promise<string[]> {
  const queries: CompiledQuery[] = [];
  const watched = database.db.withPlugin({
    transformQuery({ node, queryId }): RootOperationNode {
      // otherwise libsql would not reset the statement's plan, and would commit nothing more
      if (node.kind !== 'InsertQueryNode') queries.push(database.db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const write: Database['write'] = (change) => watched.transaction().execute(change);
  await work(Object.create(database, { db: { value: watched }, write: { value: write } }) as Database);
  const steps: string[] = [];
  for (const { sql, parameters } of queries) {
    const explain = database.kind === 'sqlite' ? 'explain query plan' : 'explain (costs off)';
    const plan = await database.db.executeQuery<{ [column: string]: string }>(
      CompiledQuery.raw(`${explain} ${sql}`, [...parameters]),
    );
    steps.push(...plan.rows.map((row) => row.detail ?? row['QUERY PLAN'] ?? ''));
  }
  return steps;
}

/** Tables that grow with builds; the others contain what people have set up. */
const growing = /\b(builds|jobs|attempts|steps|intents|audit|changes|commit_statuses|tests|test_results|result)\b/;

/** Partial indexes that contain only what is open, however much has ended. */
export const indexOfOpen = /USING (COVERING )?INDEX \w+_(open|queued|failing)\b/;

/** The steps of a query's plan in which SQLite scans a growing table instead of using an index. */
export async function scansOf(database: Database, { sql, parameters }: CompiledQuery): Promise<string[]> {
  const plan = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await database.db.executeQuery<{ detail: string }>(plan);
  const steps = rows.map(({ detail }) => detail);
  return steps.filter((step) => /^SCAN/.test(step) && growing.test(step) && !indexOfOpen.test(step));
}
