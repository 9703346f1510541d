import { type RawBuilder, sql } from 'kysely';
import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import type { NoticeOptions, NoticeTarget } from '../kernel/model/notice-shapes.ts';
import { fitsGlobs } from '../kernel/names.ts';
import type { NoticeChoice, NoticeKind } from '../kernel/notices.ts';
import { serverNow } from '../kernel/server-time.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database, Sql, Write } from './database.ts';
import { noProblem } from './delivery-columns.ts';
import { nextDigest } from './notice-digests.ts';
import { noticeAddressOf, writingVault } from './secret-key.ts';
import { shownTarget, type TargetRow, targetRow } from './shown-target.ts';
import {
  type Maintainer,
  type MaintainerId,
  maintainerColumns,
  maintainerOf,
  takeOverTarget,
} from './target-maintainers.ts';

/** Where notices go. What it means depends on the kind, see notifier/targets/. */
export interface NoticeAddress {
  /** mail addresses, or a URL, which may be a secret itself */
  to: string;
  /** what requests are signed or authorized with; of mail, what links that stop it are signed with */
  secret?: string | undefined;
}

/** What of the notices a target gets. */
export interface NoticeFilter {
  repos: readonly string[];
  branches: readonly string[];
  on: NoticeChoice;
  options: NoticeOptions;
}

export interface NewNoticeTarget extends NoticeFilter {
  name: string;
  kind: NoticeKind;
  address: NoticeAddress;
  /** the address as people may see it */
  shown: string;
  /** whether it may be at an address that is not public */
  mayBePrivate: boolean;
  createdBy: string;
  maintainer: MaintainerId;
}

/** @throws VoltError `name_taken`, errors of the key file */
export async function addNoticeTarget(
  database: Database,
  config: Config,
  { name, kind, address, shown, mayBePrivate, createdBy, maintainer, ...filter }: NewNoticeTarget,
): Promise<NoticeTarget> {
  return database.write(async (db) => {
    const row = await db
      .insertInto('notice_targets')
      .values({
        ...{ name, kind, ...(await addressColumns(db, config, { name, address, shown })) },
        ...{ private: mayBePrivate ? 1 : 0, ...filterColumns(filter) },
        ...{ created_by: createdBy, created_at: serverNow(), audit_after: auditAfter(filter.on) },
        ...maintainerColumns(maintainer),
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row) return shownTarget(db, row);
    throw new VoltError('name_taken', `there is a target "${name}" already`, {
      remedy: 'Choose another name, or change that one: `volt notify set`.',
    });
  });
}

/** What is not given stays; null takes an option away. */
export type NoticeTargetChange = {
  [Part in keyof Pick<NewNoticeTarget, 'address' | 'shown' | 'mayBePrivate' | 'repos' | 'branches' | 'on'>]?:
    | NewNoticeTarget[Part]
    | undefined;
} & {
  options?: { [Option in keyof NoticeOptions]?: NoticeOptions[Option] | null } | undefined;
  /**
   * who changes it, and so answers for new recipients, for further repositories of a target of administrators, and for a target for
   * which nobody does
   */
  by: MaintainerId;
};

/** @throws VoltError `not_found`, errors of the key file */
export async function changeNoticeTarget(
  database: Database,
  config: Config,
  name: string,
  { address, shown, mayBePrivate, repos, branches, on, options, by }: NoticeTargetChange,
): Promise<NoticeTarget> {
  return database.write(async (db) => {
    const before = await findNoticeTarget({ db }, name);
    const hasNewRecipients = address !== undefined || (options?.owners ?? undefined) !== undefined;
    const hearsOfMore = repos?.some((pattern) => !fitsGlobs(before.repos, pattern)) ?? false;
    const answers = hasNewRecipients || (hearsOfMore && before.maintainer === null && by !== null);
    await db
      .updateTable('notice_targets')
      .set({
        ...(answers && maintainerColumns(by)),
        ...(address && { ...(await addressColumns(db, config, { name, address, shown: shown ?? '' })), ...noProblem }),
        audit_after: auditAfter(on ?? before.on, sql.ref('audit_after')),
        ...(mayBePrivate !== undefined && { private: mayBePrivate ? 1 : 0 }),
        ...filterColumns({
          ...{ repos: repos ?? before.repos, branches: branches ?? before.branches },
          ...{ on: on ?? before.on, options: withChange(before.options, options) },
        }),
      })
      .where('name', '=', name)
      .execute();
    await takeOverTarget(db, name, by);
    // the new address may work, and quiet hours may be over; whoever sends looks again
    if (address || options)
      await db
        .updateTable('notices')
        .set({ due_at: serverNow() })
        .where('target', '=', name)
        .where('due_at', 'is not', null)
        .execute();
    return findNoticeTarget({ db }, name);
  });
}

function withChange(before: NoticeOptions, change: NoticeTargetChange['options']): NoticeOptions {
  const options = Object.entries({ ...before, ...change });
  return Object.fromEntries(options.filter(([, value]) => value !== null && value !== undefined));
}

export async function listNoticeTargets({ db }: Pick<Database, 'db'>): Promise<NoticeTarget[]> {
  const rows = await db.selectFrom('notice_targets').selectAll().orderBy('name').execute();
  return Promise.all(rows.map((row) => shownTarget(db, row)));
}

/** @throws VoltError `not_found` */
export async function findNoticeTarget({ db }: Pick<Database, 'db'>, name: string): Promise<NoticeTarget> {
  return shownTarget(db, await targetRow(db, name));
}

/** Removes a target, and its notices. @throws VoltError `not_found` */
export async function removeNoticeTarget(database: Database, name: string): Promise<void> {
  await database.write(async (db) => {
    await targetRow(db, name);
    await db.deleteFrom('notice_targets').where('name', '=', name).execute();
  });
}

/**
 * Removes a repository from all targets: another repository may get its name. A target for nothing else goes, since one without
 * repositories hears of all. Those for patterns stay.
 */
export async function forgetInTargets(db: Write, repo: string): Promise<void> {
  for (const { name, repos } of await db.selectFrom('notice_targets').select(['name', 'repos']).execute()) {
    const named = JSON.parse(repos) as string[];
    if (!named.includes(repo)) continue;
    const left = named.filter((one) => one !== repo);
    if (left.length === 0) await db.deleteFrom('notice_targets').where('name', '=', name).execute();
    else
      await db
        .updateTable('notice_targets')
        .set({ repos: JSON.stringify(left) })
        .where('name', '=', name)
        .execute();
  }
}

export async function anyNoticeTarget({ db }: { db: Sql }): Promise<boolean> {
  return (await db.selectFrom('notice_targets').select('name').limit(1).executeTakeFirst()) !== undefined;
}

/** Names of the targets with something to send now. */
export async function dueNoticeTargets({ db }: Pick<Database, 'db'>): Promise<string[]> {
  const rows = await db
    .selectFrom('notice_targets')
    .select('name')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('notices')
          .select('notices.id')
          .whereRef('notices.target', '=', 'notice_targets.name')
          .where('notices.due_at', '<=', serverNow()),
      ),
    )
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/** A target with its address, for those who send to it. */
export interface OpenNoticeTarget {
  name: string;
  kind: NoticeKind;
  branches: readonly string[];
  on: NoticeChoice;
  options: NoticeOptions;
  address: NoticeAddress;
  mayBePrivate: boolean;
  hasProblem: boolean;
  /** undefined for a target of administrators */
  maintainer: Maintainer | undefined;
}

/** @throws VoltError `not_found`, errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function openNoticeTarget(
  { db }: Pick<Database, 'db'>,
  config: Config,
  name: string,
): Promise<OpenNoticeTarget> {
  const row = await targetRow(db, name);
  return {
    ...{ name, kind: row.kind, address: openedAddress(config, row), options: JSON.parse(row.options) as NoticeOptions },
    ...{ branches: JSON.parse(row.branches) as string[], on: row.choice },
    ...{ mayBePrivate: row.private === 1, hasProblem: row.problem_code !== null },
    maintainer: await maintainerOf(db, row),
  };
}

function openedAddress(config: Config, { name, address, key_id: keyId }: TargetRow) {
  const opened = Vault.open(config).decrypt({ box: address, keyId }, noticeAddressOf(name));
  return JSON.parse(opened) as NoticeAddress;
}

/** All targets with their addresses, by name. @throws VoltError as `openNoticeTarget` */
export async function openNoticeTargets(
  { db }: Pick<Database, 'db'>,
  config: Config,
): Promise<(NoticeTarget & { address: NoticeAddress })[]> {
  const rows = await db.selectFrom('notice_targets').selectAll().orderBy('name').execute();
  return Promise.all(
    rows.map(async (row) => ({ ...(await shownTarget(db, row)), address: openedAddress(config, row) })),
  );
}

async function addressColumns(
  db: Parameters<typeof writingVault>[0],
  config: Config,
  { name, address, shown }: Pick<NewNoticeTarget, 'name' | 'address' | 'shown'>,
) {
  const { box, keyId } = (await writingVault(db, config)).encrypt(JSON.stringify(address), noticeAddressOf(name));
  return { address: box, key_id: keyId, shown };
}

function filterColumns({ repos, branches, on, options }: NoticeFilter) {
  return {
    ...{ repos: JSON.stringify(repos), branches: JSON.stringify(branches), choice: on },
    options: JSON.stringify(options),
    digest_at: nextDigest(options, serverNow()),
  };
}

/**
 * A target that begins to hear of the audit log hears of what comes from then on.
 * @param before what it has heard of already
 */
function auditAfter(on: NoticeChoice, before: RawBuilder<unknown> = sql`null`) {
  if (on !== 'audit') return null;
  return sql<number>`coalesce(${before}, (select max(id) from audit), 0)`;
}
