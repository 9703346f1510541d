import type { Selectable } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import type { NoticeOptions, NoticeTarget } from '../kernel/model/notice-shapes.ts';
import type { Sql } from './database.ts';
import { problemIn } from './delivery-columns.ts';
import { mutesOf } from './notice-mutes.ts';
import type { Schema } from './schema.ts';
import { type Maintainer, maintainerOf, maintains } from './target-maintainers.ts';

/** Targets of notices as people see them. */

export type TargetRow = Selectable<Schema['notice_targets']>;

/** @throws VoltError `not_found` */
export async function targetRow(db: Sql, name: string): Promise<TargetRow> {
  const row = await db.selectFrom('notice_targets').selectAll().where('name', '=', name).executeTakeFirst();
  if (row) return row;
  throw noTarget(name);
}

export function noTarget(name: string): VoltError {
  return new VoltError('not_found', `there is no target "${name}"`, { remedy: '`volt notify ls` lists all targets.' });
}

export async function shownTarget(db: Sql, row: TargetRow): Promise<NoticeTarget> {
  const { name, kind, shown, repos, branches, choice, options, created_by, created_at } = row;
  const waiting = db.selectFrom('notices').where('target', '=', name).where('due_at', 'is not', null);
  const { count } = await waiting.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const maintainer = await maintainerOf(db, row);
  const heard = { repos: JSON.parse(repos) as string[], on: choice };
  return {
    ...{ name, kind, to: shown, ...heard, createdBy: created_by, maintainer: maintainer?.name ?? null },
    branches: JSON.parse(branches) as string[],
    options: JSON.parse(options) as NoticeOptions,
    mutes: await mutesOf(db, name),
    waiting: Number(count),
    createdAt: new Date(created_at).toISOString(),
    problem: maintainer && !maintains(maintainer.rights, heard) ? unownedBy(maintainer, name) : problemIn(row),
  };
}

/** What holds up a target whose maintainer has lost the role; since when is not known. */
function unownedBy({ name: who }: Maintainer, target: string): NoticeTarget['problem'] {
  return {
    code: 'target_unowned',
    message: `nothing is sent about what ${who}, who answers for the target, does not own any more`,
    remedy: `Look where it sends. An owner or administrator takes it over by testing it, \`volt notify test ${target}\`, or by changing it.`,
    since: null,
  };
}
