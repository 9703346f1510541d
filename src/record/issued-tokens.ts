import type { Config } from '../kernel/config.ts';
import { type AttemptRef, finalStatuses, type JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database } from './database.ts';
import { issuedTokenOf, writingVault } from './secret-key.ts';

/**
 * Tokens of forges that were made for attempts of jobs. They are kept, encrypted, so that an attempt that asks again gets the same one,
 * and so that each is revoked when its attempt has ended, however that ended.
 */

/** A token, and the forge that it is of. */
export interface IssuedTokenOfForge {
  /** address of the forge's API */
  api: string;
  token: string;
}

/** The most tokens that are revoked at once. */
const mostAtOnce = 100;

/**
 * Keeps a token.
 * @returns false if the attempt has one already, which another dispatcher has made at the same time
 * @throws VoltError errors of the key file
 */
export async function keepIssuedToken(
  database: Database,
  config: Config,
  ref: AttemptRef,
  { api, token, expiresAt }: IssuedTokenOfForge & { expiresAt: number },
): Promise<boolean> {
  return database.write(async (db) => {
    const { box, keyId } = (await writingVault(db, config)).encrypt(token, issuedTokenOf({ ...ref, api }));
    const kept = await db
      .insertInto('issued_tokens')
      .values({ job_id: ref.job, attempt: ref.attempt, api, token: box, key_id: keyId, expires_at: expiresAt })
      .onConflict((conflict) => conflict.columns(['job_id', 'attempt']).doNothing())
      .returning('job_id')
      .executeTakeFirst();
    return kept !== undefined;
  });
}

/** The token that an attempt has. @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function findIssuedToken(
  { db }: Pick<Database, 'db'>,
  config: Config,
  { job, attempt }: AttemptRef,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('issued_tokens')
    .selectAll()
    .where('job_id', '=', job)
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return row && opened(config, row).token;
}

/** Tokens of attempts that have ended. Those that end by themselves are forgotten. */
export async function endedTokens(
  database: Database,
  config: Config,
): Promise<(IssuedTokenOfForge & { ref: AttemptRef })[]> {
  const due = database.db.selectFrom('issued_tokens').select('job_id').limit(1);
  if (!(await due.executeTakeFirst())) return [];
  await database.write((db) => db.deleteFrom('issued_tokens').where('expires_at', '<=', serverNow()).execute());
  const rows = await database.db
    .selectFrom('issued_tokens')
    .leftJoin('jobs', 'jobs.id', 'issued_tokens.job_id')
    .selectAll('issued_tokens')
    .where((eb) =>
      eb.or([
        eb('jobs.id', 'is', null),
        eb('jobs.attempt', '<>', eb.ref('issued_tokens.attempt')),
        eb('jobs.status', 'in', finalStatuses),
      ]),
    )
    .limit(mostAtOnce)
    .execute();
  return rows.map((row) => ({ ref: { job: row.job_id, attempt: row.attempt }, ...opened(config, row) }));
}

export async function forgetIssuedToken(database: Database, { job, attempt }: AttemptRef): Promise<void> {
  await database.write((db) =>
    db.deleteFrom('issued_tokens').where('job_id', '=', job).where('attempt', '=', attempt).execute(),
  );
}

function opened(
  config: Config,
  row: { job_id: JobId; attempt: number; api: string; token: string; key_id: string },
): IssuedTokenOfForge {
  const { job_id: job, attempt, api, token: box, key_id: keyId } = row;
  return { api, token: Vault.open(config).decrypt({ box, keyId }, issuedTokenOf({ job, attempt, api })) };
}
