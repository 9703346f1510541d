import type { Selectable } from 'kysely';
import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Provider } from '../kernel/model/provider-shapes.ts';
import { type ProviderKind, providerKinds } from '../kernel/provider-kinds.ts';
import { signInProxyOf } from '../kernel/proxy-sign-in.ts';
import { serverNow } from '../kernel/server-time.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database, Sql, Write } from './database.ts';
import type { Schema } from './schema.ts';
import { clientSecretOf, writingVault } from './secret-key.ts';

/** A provider with its client secret, for those who talk to it. */
export interface ProviderWithSecret extends Provider {
  /** null for a client without one */
  clientSecret: string | null;
}

/** What an administrator may change of a provider. What is not given stays as it is. */
export interface ProviderChange {
  title?: string | undefined;
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  groupsClaim?: string | undefined;
  /** what Volt asks for besides what it always does */
  scopes?: readonly string[] | undefined;
}

/** The claim that has the groups at most providers of OpenID Connect. */
const usualGroupsClaim = 'groups';

/** @throws VoltError `name_taken`, also for the name of the proxy that signs people in; errors of the key file */
export async function addProvider(
  database: Database,
  config: Config,
  given: ProviderChange & { name: string; kind: ProviderKind; url: string; clientId: string; createdBy: string },
): Promise<Provider> {
  const { name, kind, url, clientId, clientSecret, createdBy } = given;
  if (signInProxyOf(config)?.name === name) {
    throw new VoltError('name_taken', `the proxy that signs people in is called "${name}" already (VOLT_PROXY_NAME)`, {
      remedy: 'Choose another name: roles that groups of one have would be those of the other, too.',
    });
  }
  return database.write(async (db) => {
    const added = await db
      .insertInto('providers')
      .values({
        ...{ name, kind, url, title: given.title ?? (kind === 'oidc' ? name : providerKinds[kind].title) },
        ...(await clientColumns(db, config, { name, url }, clientSecret)),
        ...{ client_id: clientId, groups_claim: claimOf(kind, given.groupsClaim ?? usualGroupsClaim) },
        ...{ scopes: scopesOf(kind, given.scopes ?? []), created_by: createdBy, created_at: serverNow() },
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (added) return providerOf(added);
    throw new VoltError('name_taken', `there is a provider "${name}" already`, {
      remedy: 'Choose another name, or change that one: `volt provider set`.',
    });
  });
}

/**
 * Refuses a proxy that signs people in with the name of a provider: roles that groups of one have would be those of the other, too.
 * @throws VoltError `bad_setting`
 */
export async function refuseProxyOfProvider(database: Pick<Database, 'db'>, config: Config): Promise<void> {
  const proxy = signInProxyOf(config);
  if (!proxy || !(await listProviders(database)).some(({ name }) => name === proxy.name)) return;
  throw new VoltError('bad_setting', `VOLT_PROXY_NAME is ${proxy.name}, which is the name of a provider, too`, {
    remedy: 'Set VOLT_PROXY_NAME to another name, or unset VOLT_PROXY_SIGN_IN and remove that provider first.',
  });
}

/** @throws VoltError `not_found`, errors of the key file */
export async function changeProvider(
  database: Database,
  config: Config,
  name: string,
  { title, clientId, clientSecret, groupsClaim, scopes }: ProviderChange,
): Promise<Provider> {
  return database.write(async (db) => {
    const { kind, url, title: before } = await rowOf(db, name);
    const changed = await db
      .updateTable('providers')
      .set({
        title: title ?? before,
        ...(clientId !== undefined && { client_id: clientId }),
        ...(clientSecret !== undefined && (await clientColumns(db, config, { name, url }, clientSecret))),
        ...(groupsClaim !== undefined && { groups_claim: claimOf(kind, groupsClaim) }),
        ...(scopes && { scopes: scopesOf(kind, scopes) }),
      })
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirstOrThrow();
    return providerOf(changed);
  });
}

/**
 * Removes a provider. The sessions that began there end, and its groups count no more; its identities stay, so that people are
 * themselves again if it comes back.
 * @throws VoltError `not_found`
 */
export async function removeProvider(database: Database, name: string): Promise<void> {
  await database.write(async (db) => {
    await rowOf(db, name);
    await db.deleteFrom('providers').where('name', '=', name).execute();
    await db.deleteFrom('sessions').where('provider', '=', name).execute();
    await db.updateTable('identities').set({ groups: '[]' }).where('provider', '=', name).execute();
  });
}

/** All providers, by name. */
export async function listProviders({ db }: Pick<Database, 'db'>): Promise<Provider[]> {
  return (await db.selectFrom('providers').selectAll().orderBy('name').execute()).map(providerOf);
}

/** @throws VoltError `not_found` */
export async function providerNamed({ db }: { db: Sql }, name: string): Promise<Provider> {
  return providerOf(await rowOf(db, name));
}

/** @throws VoltError `not_found`, errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function providerWithSecret(
  { db }: Pick<Database, 'db'>,
  config: Config,
  name: string,
): Promise<ProviderWithSecret> {
  return opened(config, await rowOf(db, name));
}

/** All providers with their client secrets, by name. @throws VoltError as `providerWithSecret` */
export async function providersWithSecrets(
  { db }: Pick<Database, 'db'>,
  config: Config,
): Promise<ProviderWithSecret[]> {
  return (await db.selectFrom('providers').selectAll().orderBy('name').execute()).map((row) => opened(config, row));
}

function opened(config: Config, row: Selectable<Schema['providers']>): ProviderWithSecret {
  const { client_secret: box, key_id: keyId } = row;
  const sealed = box !== null && keyId !== null ? { box, keyId } : null;
  return { ...providerOf(row), clientSecret: sealed && Vault.open(config).decrypt(sealed, clientSecretOf(row)) };
}

async function clientColumns(
  db: Write,
  config: Config,
  of: { name: string; url: string },
  clientSecret: string | undefined,
): Promise<{ client_secret: string | null; key_id: string | null }> {
  if (clientSecret === undefined) return { client_secret: null, key_id: null };
  const { box, keyId } = (await writingVault(db, config)).encrypt(clientSecret, clientSecretOf(of));
  return { client_secret: box, key_id: keyId };
}

/** The APIs of forges are asked for the groups. */
function claimOf(kind: ProviderKind, claim: string): string | null {
  return kind === 'oidc' ? claim : null;
}

function scopesOf(kind: ProviderKind, more: readonly string[]): string {
  return [...new Set([...providerKinds[kind].scopes.split(' '), ...more])].join(' ');
}

async function rowOf(db: Sql, name: string): Promise<Selectable<Schema['providers']>> {
  const row = await db.selectFrom('providers').selectAll().where('name', '=', name).executeTakeFirst();
  if (row) return row;
  throw new VoltError('not_found', `there is no provider "${name}"`, {
    remedy: '`volt provider ls` lists all providers.',
  });
}

function providerOf(row: Selectable<Schema['providers']>): Provider {
  const {
    name,
    kind,
    title,
    url,
    client_id: clientId,
    groups_claim: groupsClaim,
    scopes,
    created_by,
    created_at,
  } = row;
  return {
    ...{ name, kind, title, url, clientId, hasSecret: row.client_secret !== null, groupsClaim },
    ...{ scopes: scopes.split(' '), createdBy: created_by, createdAt: new Date(created_at).toISOString() },
  };
}
