import { type RawBuilder, type Selectable, sql } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import { type Grantee, granteeText, parseGrantee } from '../kernel/grantee.ts';
import type { Grant } from '../kernel/model/access-shapes.ts';
import { checkRepositoryGlobs } from '../kernel/names.ts';
import type { Right } from '../kernel/rights.ts';
import { type Role, roles } from '../kernel/roles.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';
import { groupsOf } from './identities.ts';
import { personNamed } from './people.ts';
import type { Schema } from './schema.ts';

/** The most grants in all: each request with a session reads those of its person and of their groups. */
const mostGrants = 10_000;

/** What is given or taken away. */
export interface Granted {
  /** as `parseGrantee` takes it */
  who: string;
  role: Role;
  /** patterns of names of repositories */
  repos: readonly string[];
}

/**
 * Gives a role to a person or a group. What they have already stays as it is.
 * @returns the grants, one for each pattern
 * @throws VoltError `bad_name`, `bad_request`, `not_found`, or `conflict` if there are too many
 */
export async function grantRole(database: Database, { who, role, repos }: Granted, by: string): Promise<Grant[]> {
  const grantee = parseGrantee(who);
  const patterns = checkRepositoryGlobs(repos);
  if (role === 'admin' && patterns.some((pattern) => pattern !== '*')) {
    throw new VoltError('bad_request', 'the role "admin" is for all repositories', {
      remedy: 'Leave out the repositories, or give the role "own".',
      field: 'repos',
    });
  }
  return database.write(async (db) => {
    const holder = await holderOf(db, grantee);
    for (const pattern of patterns) {
      if (await sameGrants(db, holder, role, [pattern]).select('id').executeTakeFirst()) continue;
      await db
        .insertInto('grants')
        .values({ ...holder, role, repos: pattern, created_by: by, created_at: serverNow() })
        .execute();
    }
    const { count } = await db
      .selectFrom('grants')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) > mostGrants) {
      throw new VoltError('conflict', `there are ${mostGrants} grants already, which is the limit`, {
        remedy: 'Give roles to groups, or for patterns of repositories such as "team-*".',
      });
    }
    const rows = await grantsIn(db)
      .where('role', '=', role)
      .where('repos', 'in', patterns)
      .where(ofHolder(holder))
      .execute();
    return rows.map(grantOf).sort(byHolder);
  });
}

/**
 * Takes roles away from a person or a group.
 * @param given which grants: without `role` those of every role, without `repos` those for whichever repositories
 * @returns those that are gone
 * @throws VoltError `bad_name`, or `not_found` if there is none
 */
export async function revokeRole(
  database: Database,
  { who, role, repos }: { who: string; role?: Role | undefined; repos?: readonly string[] | undefined },
): Promise<Grant[]> {
  const grantee = parseGrantee(who);
  return database.write(async (db) => {
    const holder = await holderOf(db, grantee);
    let query = grantsIn(db).where(ofHolder(holder));
    if (role !== undefined) query = query.where('role', '=', role);
    if (repos !== undefined) query = query.where('repos', 'in', checkRepositoryGlobs(repos));
    const rows = await query.execute();
    if (rows.length === 0) {
      throw new VoltError('not_found', `there is no such grant of ${granteeText(grantee)}`, {
        remedy: `\`volt access ls --who ${granteeText(grantee)}\` lists what there is.`,
      });
    }
    const ids = rows.map(({ id }) => id);
    await db.deleteFrom('grants').where('id', 'in', ids).execute();
    return rows.map(grantOf).sort(byHolder);
  });
}

/** What a person may do: what was given to them, and to their groups. */
export async function rightsOf({ db }: Pick<Database, 'db'>, person: number): Promise<Right[]> {
  return rightsFrom(await grantsOf({ db }, person));
}

/** The grants that a person has, by themselves and by groups. */
export async function grantsOf({ db }: Pick<Database, 'db'>, person: number): Promise<Grant[]> {
  const groups = await groupsOf({ db }, person);
  const rows = await grantsIn(db)
    .where(({ eb, or }) =>
      or([eb('person_id', '=', person), ...(groups.length > 0 ? [eb('group_name', 'in', groups)] : [])]),
    )
    .execute();
  return rows.map(grantOf).sort(byHolder);
}

function rightsFrom(grants: readonly Grant[]): Right[] {
  return roles.flatMap((role) => {
    const repos = grants.filter((grant) => grant.role === role).map((grant) => grant.repos);
    return repos.length === 0 ? [] : [{ role, repos, private: true }];
  });
}

/** Removes the grants that name a repository, which another one may be called later. Those for patterns stay. */
export async function forgetInGrants(db: Write, repo: string): Promise<void> {
  await db.deleteFrom('grants').where('repos', '=', repo).execute();
}

interface Holder {
  person_id: number | null;
  group_name: string | null;
}

/** @throws VoltError `not_found` */
async function holderOf(db: Sql, grantee: Grantee): Promise<Holder> {
  if ('group' in grantee) return { person_id: null, group_name: grantee.group };
  return { person_id: (await personNamed({ db }, grantee.person)).id, group_name: null };
}

function ofHolder({ person_id, group_name }: Holder): RawBuilder<boolean> {
  return person_id === null
    ? sql<boolean>`grants.group_name = ${group_name}`
    : sql<boolean>`grants.person_id = ${person_id}`;
}

function sameGrants(db: Sql, holder: Holder, role: Role, repos: readonly string[]) {
  return db.selectFrom('grants').where('role', '=', role).where('repos', 'in', repos).where(ofHolder(holder));
}

/** Grants with the names of their people. */
export function grantsIn(db: Sql) {
  return db
    .selectFrom('grants')
    .leftJoin('people', 'people.id', 'grants.person_id')
    .selectAll('grants')
    .select('people.name as person_name');
}

export function grantOf(row: Selectable<Schema['grants']> & { person_name: string | null }): Grant {
  const { id, person_name, group_name, role, repos, created_by: createdBy, created_at } = row;
  const who = granteeText(person_name === null ? { group: group_name ?? '' } : { person: person_name });
  return { id, who, role, repos, createdBy, createdAt: new Date(created_at).toISOString() };
}

function byHolder(a: Grant, b: Grant): number {
  const ofGroup = ({ who }: Grant) => Number(who.startsWith('group:'));
  return (
    ofGroup(a) - ofGroup(b) ||
    a.who.localeCompare(b.who) ||
    roles.indexOf(b.role) - roles.indexOf(a.role) ||
    a.repos.localeCompare(b.repos)
  );
}
