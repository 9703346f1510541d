import { type StartableWorkflows, startableWorkflows } from '../kernel/model/startable-shapes.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql } from './database.ts';
import { errorColumns, errorIn, noError } from './error-columns.ts';

/**
 * What people may start at a ref. The web stage asks, an observer reads the workflow files and answers; the last answer for each
 * ref is kept.
 */

/** The refs of a repository whose answers are kept: those asked for last. */
const mostRefs = 50;

/** The workflows at a ref, as an observer has read them. */
export interface StartableAtRef extends StartableWorkflows {
  /** full name */
  ref: string;
  sha: string;
}

/** A question, and its answer. */
export interface StartableAnswer {
  askedAt: number;
  /** null until it is answered for the first time */
  answeredAt: number | null;
  found: StartableAtRef | undefined;
  error: Problem | undefined;
}

/** Default branch, as the column has it. */
const ofDefault = '';

/** Asks for the workflows at a ref. @param ref null for the default branch @returns when (ms since 1970) */
export async function askStartable(database: Database, repo: string, ref: string | null): Promise<number> {
  const asked_at = serverNow();
  await database.write(async (db) => {
    await db
      .insertInto('startable')
      .values({ repo, ref: ref ?? ofDefault, asked_at })
      .onConflict((conflict) => conflict.columns(['repo', 'ref']).doUpdateSet({ asked_at }))
      .execute();
    const kept = db.selectFrom('startable').select('ref').where('repo', '=', repo).orderBy('asked_at', 'desc');
    const refs = (await kept.limit(mostRefs).execute()).map((row) => row.ref);
    await db.deleteFrom('startable').where('repo', '=', repo).where('ref', 'not in', refs).execute();
  });
  return asked_at;
}

/** The last question about a ref, with its answer; undefined where nobody has asked. */
export async function startableAt(
  { db }: Pick<Database, 'db'>,
  repo: string,
  ref: string | null,
): Promise<StartableAnswer | undefined> {
  const row = await rowOf(db, repo, ref).selectAll().executeTakeFirst();
  if (!row) return undefined;
  const { asked_at: askedAt, answered_at: answeredAt, full_ref, sha, workflows } = row;
  return {
    askedAt,
    answeredAt,
    found:
      workflows === null || full_ref === null || sha === null
        ? undefined
        : { ref: full_ref, sha, ...startableWorkflows.parse(JSON.parse(workflows)) },
    error: errorIn(row) ?? undefined,
  };
}

/** The questions of a repository that wait for an answer. */
export async function openStartable(
  { db }: Pick<Database, 'db'>,
  repo: string,
): Promise<{ ref: string | null; askedAt: number }[]> {
  const rows = await db
    .selectFrom('startable')
    .select(['ref', 'asked_at'])
    .where('repo', '=', repo)
    .where((eb) => eb.or([eb('answered_at', 'is', null), eb('answered_at', '<', eb.ref('asked_at'))]))
    .execute();
  return rows.map(({ ref, asked_at }) => ({ ref: ref === ofDefault ? null : ref, askedAt: asked_at }));
}

/** Answers a question; one that was asked again in the meantime waits for another answer. */
export async function answerStartable(
  database: Database,
  repo: string,
  { ref, askedAt }: { ref: string | null; askedAt: number },
  answer: StartableAtRef | Problem,
): Promise<void> {
  const none = { full_ref: null, sha: null, workflows: null, ...noError };
  const given =
    'code' in answer
      ? errorColumns(answer)
      : {
          full_ref: answer.ref,
          sha: answer.sha,
          workflows: JSON.stringify({ workflows: answer.workflows, invalid: answer.invalid }),
        };
  await database.write((db) =>
    db
      .updateTable('startable')
      .set({ answered_at: askedAt, ...none, ...given })
      .where('repo', '=', repo)
      .where('ref', '=', ref ?? ofDefault)
      .execute(),
  );
}

function rowOf(db: Sql, repo: string, ref: string | null) {
  return db
    .selectFrom('startable')
    .where('repo', '=', repo)
    .where('ref', '=', ref ?? ofDefault);
}
