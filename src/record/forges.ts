import type { Selectable } from 'kysely';
import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { apiAddress, type ForgeKind, forgeKinds } from '../kernel/forge-kinds.ts';
import { type ForgeScope, isForgeEntry, projectAt } from '../kernel/forge-projects.ts';
import type { ForgeReport } from '../kernel/forge-report.ts';
import type { Forge } from '../kernel/model/forge-shapes.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database, Sql } from './database.ts';
import { noProblem, problemIn } from './delivery-columns.ts';
import {
  checkToken,
  credentialIn,
  type ForgeCredential,
  type GivenCredential,
  givenCredential,
  textOf,
} from './forge-credentials.ts';
import { jobTokenColumns, openedJobToken } from './job-tokens.ts';
import { observed } from './observed.ts';
import type { Schema } from './schema.ts';
import { forgeTokenOf, writingVault } from './secret-key.ts';

/** A forge with its token, for those who talk to it. */
export interface ForgeWithToken {
  name: string;
  kind: ForgeKind;
  api: string;
  /** see ForgeCredential */
  token: string;
  /** id of the GitHub App that Volt is; undefined for an access token */
  app: number | undefined;
  repos: string[];
  /** whether `check` has passed since its address and its token were set */
  isChecked: boolean;
  /** whether a fault is recorded that holds up all of its statuses */
  hasProblem: boolean;
}

/** What a person gives of a forge. */
export interface GivenForge extends GivenCredential {
  api?: string | undefined;
  /** what jobs of its repositories get as GITHUB_TOKEN; null for none */
  jobToken?: string | null | undefined;
  repos?: string[] | undefined;
  report?: ForgeReport | undefined;
}

/**
 * Adds a forge. Nothing is sent to it before `noteChecked`.
 * @throws VoltError `name_taken`, `bad_url`, `bad_request`, errors of the key file
 */
export async function addForge(
  database: Database,
  config: Config,
  {
    name,
    kind,
    api,
    jobToken = null,
    repos = [],
    report = 'build',
    createdBy,
    ...given
  }: GivenForge & { name: string; kind: ForgeKind; createdBy: string },
): Promise<Forge> {
  const address = checkedAddress(kind, api);
  checkEntries(kind, repos);
  if (jobToken !== null) checkToken(jobToken);
  const credential = givenCredential(kind, given);
  if (!credential) {
    throw new VoltError('bad_request', 'a forge needs a token, or a GitHub App', {
      remedy: 'Give a token, or the id and the private key of an App.',
    });
  }
  return database.write(async (db) => {
    const vault = await writingVault(db, config);
    const added = await db
      .insertInto('forges')
      .values({
        ...{ name, kind, api: address, repos: JSON.stringify(repos), report },
        ...(await jobTokenColumns(db, config, { name, kind, api: address }, jobToken)),
        ...credentialColumns(vault, { name, api: address }, credential),
        ...{ created_by: createdBy, created_at: serverNow() },
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (added) return forgeOf(added, 0);
    throw new VoltError('name_taken', `there is a forge "${name}" already`, {
      remedy: 'Choose another name, or change that one: `volt forge set`.',
    });
  });
}

/**
 * Changes a forge. With a new address or token it must be checked again.
 * @throws VoltError `not_found`, `bad_url`, `bad_request` for an address without a token, errors of the key file
 */
export async function changeForge(database: Database, config: Config, name: string, given: GivenForge): Promise<Forge> {
  const { jobToken, repos, report } = given;
  if (typeof jobToken === 'string') checkToken(jobToken);
  return database.write(async (db) => {
    const row = await rowOf(db, name);
    if (repos) checkEntries(row.kind, repos);
    const api = given.api === undefined ? row.api : checkedAddress(row.kind, given.api);
    const isNew = given.token !== undefined || given.app !== undefined;
    const before = given.app && api === row.api ? opened(Vault.open(config), row) : undefined;
    const credential = isNew ? givenCredential(row.kind, given, before) : undefined;
    if (api !== row.api && !credential) throw tokenMissing('--token-file');
    if (api !== row.api && row.job_token !== null && jobToken === undefined) throw tokenMissing('--job-token-file');
    const sealed = credential && credentialColumns(await writingVault(db, config), { name, api }, credential);
    const changed = await db
      .updateTable('forges')
      .set({
        ...(repos && { repos: JSON.stringify(repos) }),
        ...(report && { report }),
        ...(jobToken !== undefined && (await jobTokenColumns(db, config, { name, kind: row.kind, api }, jobToken))),
        ...(sealed && { api, ...sealed, checked_at: null, ...noProblem }),
      })
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirstOrThrow();
    return forgeOf(changed, await waitingFor(db, name));
  });
}

/** Removes a forge with the statuses that wait for it. @throws VoltError `not_found` */
export async function removeForge(database: Database, name: string): Promise<void> {
  const removed = await database.write((db) =>
    db.deleteFrom('forges').where('name', '=', name).returning('name').executeTakeFirst(),
  );
  if (!removed) throw unknown(name);
}

/** All forges, by name. */
export async function listForges(database: Database): Promise<Forge[]> {
  const rows = await database.db.selectFrom('forges').selectAll().orderBy('name').execute();
  return Promise.all(rows.map(async (row) => forgeOf(row, await waitingFor(database.db, row.name))));
}

/** The observed repositories that a forge is for, each with its project there, by name. */
export async function projectsAt(
  { db }: Pick<Database, 'db'>,
  forge: ForgeScope,
): Promise<{ repo: string; project: string }[]> {
  const rows = await observed(db).select(['name', 'url']).orderBy('name').execute();
  return rows.flatMap((repository) => {
    const project = projectAt(forge, repository);
    return project === undefined ? [] : [{ repo: repository.name, project }];
  });
}

/** A forge, and what holds up all of its statuses. */
export interface ForgeProblem {
  name: string;
  problem: Problem | null;
}

/** All forges, by name. */
export async function forgeProblems({ db }: Pick<Database, 'db'>): Promise<ForgeProblem[]> {
  const columns = ['name', 'problem_code', 'problem_message', 'problem_remedy', 'problem_since'] as const;
  const rows = await db.selectFrom('forges').select(columns).orderBy('name').execute();
  return rows.map(({ name, ...row }) => ({ name, problem: problemIn(row) }));
}

/** What a forge is for. */
interface NamedScope extends ForgeScope {
  name: string;
  report: ForgeReport;
  /** id of the GitHub App that Volt is there, and its page, where Volt knows it */
  app: number | null;
  page: string | null;
  isChecked: boolean;
}

/** What all forges are for, by name. */
export async function forgeScopes(db: Sql): Promise<NamedScope[]> {
  const rows = await db
    .selectFrom('forges')
    .select(['name', 'kind', 'api', 'repos', 'report', 'app_id as app', 'app_page as page', 'checked_at'])
    .orderBy('name')
    .execute();
  return rows.map(({ repos, checked_at, ...row }) => ({
    ...{ ...row, repos: JSON.parse(repos) as string[], isChecked: checked_at !== null },
  }));
}

/** Whether a name is taken. */
export async function hasForge({ db }: Pick<Database, 'db'>, name: string): Promise<boolean> {
  return (await db.selectFrom('forges').select('name').where('name', '=', name).executeTakeFirst()) !== undefined;
}

/** Whether there is a forge at all. */
export async function anyForge({ db }: Pick<Database, 'db'>): Promise<boolean> {
  return (await db.selectFrom('forges').select('name').limit(1).executeTakeFirst()) !== undefined;
}

/** @throws VoltError `not_found`, errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function forgeWithToken(
  { db }: Pick<Database, 'db'>,
  config: Config,
  name: string,
): Promise<ForgeWithToken> {
  const row = await rowOf(db, name);
  const { kind, api, repos, checked_at, problem_code } = row;
  const { token, app } = opened(Vault.open(config), row);
  return {
    ...{ name, kind, api, token, app: app?.id, repos: JSON.parse(repos) as string[] },
    ...{ isChecked: checked_at !== null, hasProblem: problem_code !== null },
  };
}

/** A forge with all that is secret of it. */
export interface OpenForge extends Pick<ForgeWithToken, 'name' | 'kind' | 'api' | 'repos'> {
  report: ForgeReport;
  credential: ForgeCredential;
  /** what jobs get as GITHUB_TOKEN; null for none */
  jobToken: string | null;
}

/** All forges, by name. @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function openForges({ db }: Pick<Database, 'db'>, config: Config): Promise<OpenForge[]> {
  const rows = await db.selectFrom('forges').selectAll().orderBy('name').execute();
  return rows.map((row) => {
    const { name, kind, api, repos, report } = row;
    const vault = Vault.open(config);
    return {
      ...{ name, kind, api, repos: JSON.parse(repos) as string[], report },
      credential: opened(vault, row),
      jobToken: openedJobToken(vault, row),
    };
  });
}

/**
 * What GitHub signs the calls of an App's webhook with.
 * @returns undefined for an unknown forge, and for one without such a webhook
 * @throws VoltError errors of the key file
 */
export async function appWebhookSecret(
  { db }: Pick<Database, 'db'>,
  config: Config,
  name: string,
): Promise<string | undefined> {
  const row = await db.selectFrom('forges').selectAll().where('name', '=', name).executeTakeFirst();
  if (!row || row.app_id === null) return undefined;
  return opened(Vault.open(config), row).app?.webhookSecret ?? undefined;
}

function opened(vault: Vault, { name, api, token, key_id, ...app }: Selectable<Schema['forges']>): ForgeCredential {
  return credentialIn(vault.decrypt({ box: token, keyId: key_id }, forgeTokenOf({ name, api })), app);
}

function credentialColumns(vault: Vault, of: { name: string; api: string }, credential: ForgeCredential) {
  const { box, keyId } = vault.encrypt(textOf(credential), forgeTokenOf(of));
  const { app } = credential;
  return { token: box, key_id: keyId, app_id: app?.id ?? null, app_page: app?.page ?? null };
}

/**
 * Records that the token may set statuses, and that all that waits is due.
 * @param checked the forge as it was checked; if its address or token has changed since, nothing is recorded
 */
export async function noteChecked(database: Database, config: Config, checked: ForgeWithToken): Promise<boolean> {
  return database.write(async (db) => {
    const { name, api, token } = checked;
    const now = await forgeWithToken({ db }, config, name);
    if (now.api !== api || now.token !== token) return false;
    await db
      .updateTable('forges')
      .set({ checked_at: serverNow(), ...noProblem })
      .where('name', '=', name)
      .execute();
    await db
      .updateTable('commit_statuses')
      .set({ due_at: serverNow(), attempts: 0 })
      .where('forge', '=', name)
      .whereRef('sent', '<', 'revision')
      .execute();
    return true;
  });
}

async function rowOf(db: Sql, name: string): Promise<Selectable<Schema['forges']>> {
  const row = await db.selectFrom('forges').selectAll().where('name', '=', name).executeTakeFirst();
  if (row) return row;
  throw unknown(name);
}

function tokenMissing(option: string): VoltError {
  return new VoltError('bad_request', 'a token is for one address only', {
    remedy: `Give the token for the new address, too: ${option}.`,
  });
}

function unknown(name: string): VoltError {
  return new VoltError('not_found', `there is no forge "${name}"`, { remedy: '`volt forge ls` lists all forges.' });
}

async function waitingFor(db: Sql, name: string): Promise<number> {
  const query = db.selectFrom('commit_statuses').select((eb) => eb.fn.countAll<number>().as('count'));
  const row = await query
    .where('forge', '=', name)
    .where('due_at', 'is not', null)
    .whereRef('sent', '<', 'revision')
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

function checkedAddress(kind: ForgeKind, given: string | undefined): string {
  const address = apiAddress(kind, given);
  if (address !== undefined) return address;
  const { title, path } = forgeKinds[kind];
  throw new VoltError(
    'bad_url',
    given === undefined ? `${title} has no usual address` : `"${hideCredentials(given)}" is not the address of a forge`,
    {
      remedy: `Give its address, for example https://git.example.org${path}, without a user name or a query: --api.`,
    },
  );
}

function checkEntries(kind: ForgeKind, entries: readonly string[]): void {
  const wrong = entries.find((entry) => !isForgeEntry(kind, entry));
  if (wrong === undefined) return;
  throw new VoltError('bad_request', `"${wrong.slice(0, 200)}" names no repository`, {
    remedy:
      'Use names of repositories, in which "*" matches anything, or NAME=PROJECT, for example app=acme/app, where the address does not tell the project.',
  });
}

function forgeOf(row: Selectable<Schema['forges']>, waiting: number): Forge {
  const { name, kind, api, app_id: id, app_page: page, repos, report, created_by, created_at, checked_at } = row;
  return {
    ...{ name, kind, api, repos: JSON.parse(repos) as string[], report, waiting, createdBy: created_by },
    givesJobToken: row.job_token !== null || id !== null,
    app: id === null ? null : { id, page },
    createdAt: new Date(created_at).toISOString(),
    checkedAt: checked_at === null ? null : new Date(checked_at).toISOString(),
    problem: problemIn(row),
  };
}
