import type { Database } from './database.ts';
import { type EnvironmentRules, rulesOf } from './environments.ts';
import { observed } from './observed.ts';

/** Settings of all repositories at once, for those who compare all that Volt is told with a file. */

export interface NamedEntry {
  /** null for all repositories */
  repo: string | null;
  /** as its name is written; null for the repository itself */
  environment: string | null;
  name: string;
}

/** All variables, in no certain order. */
export async function allVariables({ db }: Pick<Database, 'db'>): Promise<(NamedEntry & { value: string })[]> {
  const rows = await db.selectFrom('variables').select(['repo', 'name', 'value']).execute();
  const inside = await db
    .selectFrom('environment_variables as entries')
    .innerJoin('environments', (join) =>
      join.onRef('environments.repo', '=', 'entries.repo').onRef('environments.key', '=', 'entries.environment'),
    )
    .select(['entries.repo', 'environments.name as environment', 'entries.name', 'entries.value'])
    .execute();
  return [...rows.map((row) => ({ ...row, environment: null })), ...inside];
}

/** The names of all secrets, in no certain order. */
export async function allSecretNames({ db }: Pick<Database, 'db'>): Promise<NamedEntry[]> {
  const rows = await db.selectFrom('secrets').select(['repo', 'name']).execute();
  const inside = await db
    .selectFrom('environment_secrets as entries')
    .innerJoin('environments', (join) =>
      join.onRef('environments.repo', '=', 'entries.repo').onRef('environments.key', '=', 'entries.environment'),
    )
    .select(['entries.repo', 'environments.name as environment', 'entries.name'])
    .execute();
  return [...rows.map((row) => ({ ...row, environment: null })), ...inside];
}

/** The rules of all environments, in no certain order. */
export async function allEnvironments({ db }: Pick<Database, 'db'>): Promise<(EnvironmentRules & { repo: string })[]> {
  const rows = await db.selectFrom('environments').selectAll().execute();
  return rows.map((row) => ({ ...rulesOf(row), repo: row.repo }));
}

/** The refs that people have named as those that may have secrets, by repository; none for those with the default. */
export async function allTrustedRefs({ db }: Pick<Database, 'db'>): Promise<Map<string, string[]>> {
  const rows = await observed(db).select(['name', 'trusted_refs']).execute();
  return new Map(
    rows.flatMap(({ name, trusted_refs: refs }) => (refs === null ? [] : [[name, JSON.parse(refs) as string[]]])),
  );
}

/** A person as an administrator has prepared them. */
export interface PreparedPerson {
  name: string;
  displayName: string;
  isBlocked: boolean;
  identities: { provider: string; subject: string }[];
  /** addresses that were given by hand */
  addresses: string[];
}

/** All people, in no certain order. */
export async function allPeople({ db }: Pick<Database, 'db'>): Promise<PreparedPerson[]> {
  const people = await db.selectFrom('people').select(['id', 'name', 'display_name', 'blocked_at']).execute();
  const identities = await db.selectFrom('identities').select(['person_id', 'provider', 'subject']).execute();
  const addresses = await db
    .selectFrom('person_addresses')
    .select(['person_id', 'address'])
    .where('source', '=', 'hand')
    .execute();
  const [identitiesOf, addressesOf] = [byPerson(identities), byPerson(addresses)];
  return people.map(({ id, name, display_name: displayName, blocked_at }) => ({
    ...{ name, displayName, isBlocked: blocked_at !== null },
    identities: (identitiesOf.get(id) ?? []).map(({ provider, subject }) => ({ provider, subject })),
    addresses: (addressesOf.get(id) ?? []).map(({ address }) => address),
  }));
}

function byPerson<R extends { person_id: number }>(rows: readonly R[]): Map<number, R[]> {
  const found = new Map<number, R[]>();
  for (const row of rows) {
    const list = found.get(row.person_id);
    if (list) list.push(row);
    else found.set(row.person_id, [row]);
  }
  return found;
}
