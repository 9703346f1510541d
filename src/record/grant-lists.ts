import { sql } from 'kysely';
import type { Grant } from '../kernel/model/access-shapes.ts';
import { type Role, roles } from '../kernel/roles.ts';
import type { Database, Sql } from './database.ts';
import { grantOf, grantsIn } from './grants.ts';

/** Which grants; what is left out matches everything. */
interface GrantFilter {
  /** name of a person, or `group:PROVIDER/GROUP` */
  who?: string | undefined;
  role?: Role | undefined;
  /** a repository that the patterns match */
  repo?: string | undefined;
  limit: number;
  /** `next` of the page before */
  after?: string | undefined;
}

/** Where a grant is in the order of lists. */
interface Place {
  /** name of a person or a group */
  holder: string;
  role: Role;
  repos: string;
}

const prefix = 'group:';

/** Grants of people, then of groups, each by name, and those of one by role, the largest first. */
export async function pageOfGrants(
  { db }: Pick<Database, 'db'>,
  { limit, after, ...filter }: GrantFilter,
): Promise<{ grants: Grant[]; next: string | null }> {
  const place = after === undefined ? undefined : placeIn(after);
  const isOfGroup = (text: string | undefined) => text?.startsWith(prefix);
  const parts = [
    ...(isOfGroup(after) || isOfGroup(filter.who) ? [] : (['people.name'] as const)),
    ...(filter.who !== undefined && !isOfGroup(filter.who) ? [] : (['grants.group_name'] as const)),
  ];
  const found: Grant[] = [];
  for (const holder of parts) {
    const from = isOfGroup(after) === (holder === 'grants.group_name') ? place : undefined;
    // one more than asked for shows whether there is a next page
    const rows = await heldBy(db, holder, filter, from)
      .limit(limit + 1 - found.length)
      .execute();
    found.push(...rows.map(grantOf));
    if (found.length > limit) break;
  }
  const grants = found.slice(0, limit);
  const last = grants.at(-1);
  return { grants, next: last && found.length > limit ? `${last.who} ${last.role} ${last.repos}` : null };
}

/** All grants, in no certain order. */
export async function allGrants({ db }: Pick<Database, 'db'>): Promise<Grant[]> {
  return (await grantsIn(db).execute()).map(grantOf);
}

/** Some of those who have roles: people, then groups, as `Grant.who` names them. @param limit of each */
export async function someGrantees({ db }: Pick<Database, 'db'>, limit: number): Promise<string[]> {
  const people = await db
    .selectFrom('people')
    .select('name')
    .where('id', 'in', (eb) => eb.selectFrom('grants').select('person_id').where('person_id', 'is not', null))
    .orderBy('name')
    .limit(limit)
    .execute();
  const groups = await db
    .selectFrom('grants')
    .select('group_name')
    .distinct()
    .where('group_name', 'is not', null)
    .orderBy('group_name')
    .limit(limit)
    .execute();
  return [...people.map(({ name }) => name), ...groups.map(({ group_name: name }) => `${prefix}${name}`)];
}

/** The grants of people, or those of groups. */
function heldBy(
  db: Sql,
  holder: 'people.name' | 'grants.group_name',
  { who, role, repo }: Omit<GrantFilter, 'limit' | 'after'>,
  from: Place | undefined,
) {
  const name = sql.ref<string>(holder);
  let query = grantsIn(db).where(holder, 'is not', null);
  if (who !== undefined) query = query.where(holder, '=', who.startsWith(prefix) ? who.slice(prefix.length) : who);
  if (role !== undefined) query = query.where('role', '=', role);
  if (repo !== undefined) query = query.where(fits(repo));
  if (from) {
    query = query
      .where(holder, '>=', from.holder)
      .where(sql<boolean>`(${name}, ${rank}, repos) > (${from.holder}, ${rankOf(from.role)}, ${from.repos})`);
  }
  return query.orderBy(holder).orderBy(rank).orderBy('repos');
}

/** The largest role has the smallest one. */
function rankOf(role: Role): number {
  return roles.length - 1 - roles.indexOf(role);
}

const rank = sql<number>`case role ${sql.join(
  roles.map((role) => sql`when ${sql.lit(role)} then ${sql.lit(rankOf(role))}`),
  sql` `,
)} end`;

/** Whether the pattern of a grant matches the name of a repository. */
function fits(repo: string) {
  return sql<boolean>`${repo} like replace(replace(repos, '_', '\\_'), '*', '%') escape '\\'`;
}

/** @param text as `next`; whatever a client has made of it is a place, too */
function placeIn(text: string): Place {
  const [, who = text, role = '', repos = ''] = /^(.*) (\S+) (\S+)$/s.exec(text) ?? [];
  return {
    holder: who.startsWith(prefix) ? who.slice(prefix.length) : who,
    role: roles.find((one) => one === role) ?? 'admin',
    repos,
  };
}
