import type { Selectable } from 'kysely';
import type { NoticeTarget } from '../kernel/model/notice-shapes.ts';
import { holdsInAll, type Right, rightsOfToken } from '../kernel/rights.ts';
import type { Sql, Write } from './database.ts';
import { rightsOf } from './grants.ts';
import { findPerson } from './people.ts';
import type { Schema } from './schema.ts';
import { findTokenById } from './tokens.ts';

/**
 * Who answers for targets of notices. What somebody added with the role `own` sends only while they own what it sends about: else
 * they would go on hearing of a private repository. For those of administrators nobody's role counts.
 */

/** Whose role `own` counts for a target: that of a person, or of a token of nobody; null for a target of administrators. */
export type MaintainerId = { person: number } | { token: number } | null;

export interface Maintainer {
  name: string;
  /** none for somebody who is blocked or gone */
  rights: readonly Right[];
}

type Row = Pick<Selectable<Schema['notice_targets']>, 'person_id' | 'token_id' | 'created_by'>;

/** @returns undefined for a target of administrators */
export async function maintainerOf(db: Sql, { person_id, token_id, created_by }: Row): Promise<Maintainer | undefined> {
  if (person_id !== null) {
    const person = await findPerson({ db }, person_id);
    if (!person) return { name: created_by, rights: [] };
    return { name: person.name, rights: person.blockedAt === null ? await rightsOf({ db }, person_id) : [] };
  }
  if (token_id === null) return undefined;
  const token = await findTokenById({ db }, token_id);
  return token ? { name: token.name, rights: rightsOfToken(token) } : { name: created_by, rights: [] };
}

/** Whether rights are enough for a target that hears of something. The audit log is for administrators. */
export function maintains(rights: readonly Right[], { repos, on }: Pick<NoticeTarget, 'repos' | 'on'>): boolean {
  return on !== 'audit' && holdsInAll(rights, 'own', repos);
}

export function maintainerColumns(id: MaintainerId) {
  return {
    person_id: id && 'person' in id ? id.person : null,
    token_id: id && 'token' in id ? id.token : null,
  };
}

/** Makes somebody answer for a target for which whoever answered before may not any more. */
export async function takeOverTarget(db: Write, name: string, by: MaintainerId): Promise<void> {
  const row = await db.selectFrom('notice_targets').selectAll().where('name', '=', name).executeTakeFirstOrThrow();
  const before = await maintainerOf(db, row);
  const heard = { repos: JSON.parse(row.repos) as string[], on: row.choice };
  if (before === undefined || maintains(before.rights, heard)) return;
  await db.updateTable('notice_targets').set(maintainerColumns(by)).where('name', '=', name).execute();
}
