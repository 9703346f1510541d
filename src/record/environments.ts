import { VoltError } from '../kernel/errors.ts';
import type { Environment } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import { askAgain } from './approvals.ts';
import type { Database, Sql } from './database.ts';
import type { Schema } from './schema.ts';
import { requireRepository } from './scoped-entries.ts';

/**
 * Environments that people have set, with their rules. A job may name any other: that one has no rules and no secrets, as on
 * GitHub. Upper and lower case of a name are the same.
 */

export type EnvironmentRules = Pick<Environment, 'name' | 'branches' | 'approve' | 'waitMinutes'>;

/** Most environments of a repository, as on GitHub. */
const mostEnvironments = 100;
const longestName = 255;

/** @throws VoltError `bad_name` */
function environmentKey(name: string): string {
  if (name !== '' && name.length <= longestName && !/\p{Cc}/u.test(name)) return name.toLowerCase();
  throw new VoltError('bad_name', `"${name.slice(0, 100)}" cannot be the name of an environment`, {
    remedy: `Use 1 to ${longestName} characters without control characters.`,
  });
}

/**
 * Sets an environment, or replaces its rules; its secrets and variables stay.
 * @throws VoltError `bad_name`, `not_found` for an unknown repository, `conflict` if there are too many
 */
export async function setEnvironment(database: Database, repo: string, rules: EnvironmentRules): Promise<Environment> {
  const key = environmentKey(rules.name);
  const now = serverNow();
  const values = {
    ...{ name: rules.name, branches: JSON.stringify(rules.branches), approve: rules.approve ? 1 : 0 },
    ...{ wait_minutes: rules.waitMinutes, updated_at: now },
  };
  await database.write(async (db) => {
    await requireRepository(db, repo);
    const others = await db.selectFrom('environments').select('key').where('repo', '=', repo).execute();
    if (others.filter((other) => other.key !== key).length >= mostEnvironments) {
      throw new VoltError('conflict', `there are already ${mostEnvironments} environments, which is the limit`, {
        remedy: 'Remove an unused one.',
      });
    }
    await db
      .insertInto('environments')
      .values({ repo, key, ...values })
      .onConflict((conflict) => conflict.columns(['repo', 'key']).doUpdateSet(values))
      .execute();
    await askAgain(db, repo);
  });
  return { ...rules, updatedAt: new Date(now).toISOString() };
}

export async function listEnvironments(database: Database, repo: string): Promise<Environment[]> {
  const rows = await database.db
    .selectFrom('environments')
    .selectAll()
    .where('repo', '=', repo)
    .orderBy('key')
    .execute();
  return rows.map((row) => ({ ...rulesOf(row), updatedAt: new Date(row.updated_at).toISOString() }));
}

/** @returns undefined for an environment that nobody has set */
export async function findEnvironment(db: Sql, repo: string, name: string): Promise<EnvironmentRules | undefined> {
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('repo', '=', repo)
    .where('key', '=', name.toLowerCase())
    .executeTakeFirst();
  return row && rulesOf(row);
}

/** Removes an environment with its secrets and variables. @throws VoltError `not_found` */
export async function removeEnvironment(database: Database, repo: string, name: string): Promise<void> {
  await database.write(async (db) => {
    const key = name.toLowerCase();
    const gone = await db
      .deleteFrom('environments')
      .where('repo', '=', repo)
      .where('key', '=', key)
      .returning('key')
      .executeTakeFirst();
    if (!gone) throw noEnvironment(repo, name);
    await askAgain(db, repo);
  });
}

export function noEnvironment(repo: string, name: string): VoltError {
  return new VoltError('not_found', `${repo} has no environment "${name.slice(0, 100)}"`, {
    remedy: `\`volt environment ls --repo ${repo}\` lists them; \`volt environment set\` makes one.`,
  });
}

export function rulesOf({ name, branches, approve, wait_minutes }: Schema['environments']): EnvironmentRules {
  return { name, branches: JSON.parse(branches) as string[], approve: approve === 1, waitMinutes: wait_minutes };
}
