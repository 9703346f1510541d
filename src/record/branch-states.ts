import { type Selectable, sql } from 'kysely';
import type { BuildId, BuildSummary } from '../kernel/model.ts';
import type { NoticeEvent } from '../kernel/notices.ts';
import { mostFailures, ofFlakyTestsAlone } from './broken-since.ts';
import type { Sql, Write } from './database.ts';
import type { Schema } from './schema.ts';
import { pushes } from './series.ts';

type Build = Selectable<Schema['builds']>;
type State = Selectable<Schema['branch_states']>;

/** What the end of a build means for its branch. */
export interface BranchChange {
  event: NoticeEvent;
  /** whether people who follow the branch do not know it yet */
  isChange: boolean;
  /** of a broken branch, and of one that works again: the first build that failed */
  since: number | null;
}

/**
 * Moves the state of a series of a branch on when one of its builds has ended, in that transaction. Builds may end in another order
 * than that of their commits: the newest one that has ended decides.
 * @returns undefined for a build that says nothing about a branch
 */
export async function moveBranch(db: Write, build: Build): Promise<BranchChange | undefined> {
  const { repo, ref, series, status } = build;
  if (build.id <= (await foreignBuilds(db, repo))) return undefined;
  if (!ref.startsWith('refs/heads/') || build.pull_request !== null || series === null) return undefined;
  if (status !== 'success' && status !== 'failure' && status !== 'error') return undefined;
  const state = (await stateOf(db, repo, ref, series)) ?? (await stateBefore(db, build, series));
  const isFlaky = status === 'failure' && (await ofFlakyTestsAlone({ db }, [build.id])).has(build.id);
  if (status === 'error' || isFlaky) {
    const doubt = isFlaky ? 'flaky' : 'error';
    await putState(db, { ...state, doubt });
    return { event: doubt, isChange: state.doubt !== doubt, since: state.since };
  }
  const { next, change } = status === 'success' ? await passed(db, state, build) : await failed(db, state, build);
  await putState(db, { ...next, doubt: null });
  return change;
}

type Move = { next: State; change: BranchChange };

async function passed(db: Write, state: State, build: Build): Promise<Move> {
  const { verdict, since } = state;
  if (build.id >= state.build_id) {
    const isFixed = verdict === 'failure';
    const change = { event: isFixed ? 'fixed' : 'passed', isChange: isFixed, since } as const;
    return { next: { ...state, build_id: build.id, verdict: 'success', since: null }, change };
  }
  const change = { event: 'passed', isChange: false, since: null } as const;
  // an earlier build of a broken branch: it broke later than it was thought
  const isWithin = since !== null && build.id >= since;
  const failures = laterBuilds(db, build).where('status', '=', 'failure');
  return { next: isWithin ? { ...state, since: (await firstFailure(db, failures)) ?? since } : state, change };
}

async function failed(db: Write, state: State, build: Build): Promise<Move> {
  const { verdict } = state;
  const successes = laterBuilds(db, build).where('status', '=', 'success').limit(1);
  if (build.id < state.build_id && (await successes.executeTakeFirst()) !== undefined)
    return { next: state, change: { event: 'outdated', isChange: false, since: null } };
  const since = verdict === 'failure' ? Math.min(state.since ?? build.id, build.id) : build.id;
  const next: State = { ...state, build_id: Math.max(state.build_id, build.id), verdict: 'failure', since };
  if (verdict === 'failure')
    return { next, change: { event: 'still_broken', isChange: await isNewcomer(db, build, state), since } };
  return { next, change: { event: verdict === 'success' ? 'broken' : 'failing', isChange: true, since } };
}

/** The later builds of the series of a build. */
function laterBuilds(db: Write, build: Build) {
  return buildsBeside(db, build).where('id', '>', build.id).orderBy('id');
}

function buildsBeside(db: Write, { repo, ref, series }: Build) {
  const ofRef = db.selectFrom('builds').select('id').where('repo', '=', repo).where('ref', '=', ref);
  return ofRef.where('series', '=', series);
}

/** The first of some failed builds that has not failed by flaky tests alone. */
async function firstFailure(db: Write, failures: ReturnType<typeof buildsBeside>): Promise<number | undefined> {
  const rows = await failures.limit(mostFailures).execute();
  const ids = rows.map(({ id }) => id);
  const flaky = await ofFlakyTestsAlone({ db }, ids);
  return ids.find((id) => !flaky.has(id));
}

/**
 * Whether no build of the author that has failed since the branch broke is known yet, but this one. A failure by flaky tests
 * alone does not count: nobody has told the author of it. A schedule blames no author.
 */
async function isNewcomer(db: Write, build: Build, { build_id, since }: State): Promise<boolean> {
  const { id, series, author_address } = build;
  if (series !== pushes) return false;
  // it has failed again
  if (id === build_id) return false;
  if (since === null) return true;
  const others = buildsBeside(db, build)
    .where('status', '=', 'failure')
    .where('id', '>=', since)
    .where('id', '<>', id)
    .where(sql`lower(author_address)`, '=', author_address.toLowerCase())
    .orderBy('id');
  return (await firstFailure(db, others)) === undefined;
}

/** A series of a branch that is broken now, with the first build that failed. */
export interface BrokenBranch {
  repo: string;
  ref: string;
  /** see record/series.ts */
  series: string;
  defaultBranch: string | null;
  /** null if that build was deleted */
  first: Pick<BuildSummary, 'id' | 'number' | 'subject' | 'author' | 'person'> | null;
}

/** The broken branches of all observed repositories, those that broke first in front. */
export async function brokenBranches({ db }: { db: Sql }): Promise<BrokenBranch[]> {
  const rows = await db
    .selectFrom('branch_states')
    .innerJoin('repositories', 'repositories.name', 'branch_states.repo')
    .innerJoin('cursors', (join) =>
      join.onRef('cursors.repo', '=', 'branch_states.repo').onRef('cursors.ref', '=', 'branch_states.ref'),
    )
    .leftJoin('builds', 'builds.id', 'branch_states.since')
    .select(['branch_states.repo', 'branch_states.ref', 'branch_states.series'])
    .select('repositories.default_branch as defaultBranch')
    .select(['builds.id', 'builds.number', 'builds.subject', 'builds.author'])
    .where('branch_states.verdict', '=', 'failure')
    .where('repositories.removed_at', 'is', null)
    // a branch that is gone cannot be mended
    .where('cursors.absent', '=', 0)
    // nor can a workflow that no schedule starts any more
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb('branch_states.series', '=', pushes),
        exists(
          selectFrom('schedules')
            .select('schedules.workflow')
            .whereRef('schedules.repo', '=', 'branch_states.repo')
            .whereRef('schedules.workflow', '=', 'branch_states.series'),
        ),
      ]),
    )
    .orderBy('branch_states.since')
    .execute();
  return rows.map(({ id, number, subject, author, ...branch }) => ({
    ...branch,
    first:
      id === null || number === null
        ? null
        : { id: String(id) as BuildId, number, subject: subject ?? '', author: author ?? '', person: null },
  }));
}

/** The id of the last build of another repository that had the name before. */
async function foreignBuilds(db: Write, repo: string): Promise<number> {
  const rows = db.selectFrom('repositories').select('foreign_builds').where('name', '=', repo);
  return (await rows.executeTakeFirst())?.foreign_builds ?? 0;
}

async function stateOf(db: Write, repo: string, ref: string, series: string): Promise<State | undefined> {
  const states = db.selectFrom('branch_states').selectAll().where('repo', '=', repo).where('ref', '=', ref);
  return states.where('series', '=', series).executeTakeFirst();
}

/** The state before a build, where none was kept yet. */
async function stateBefore(db: Write, { id, repo, ref }: Build, series: string): Promise<State> {
  const last = await db
    .selectFrom('builds')
    .select(['id', 'status'])
    .where('repo', '=', repo)
    .where('ref', '=', ref)
    .where('series', '=', series)
    .where('status', 'in', ['success', 'failure'])
    .where('id', '<', id)
    .where('id', '>', await foreignBuilds(db, repo))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const none = { repo, ref, series, doubt: null };
  if (!last) return { ...none, build_id: 0, verdict: null, since: null };
  const isFailure = last.status === 'failure';
  return { ...none, build_id: last.id, verdict: isFailure ? 'failure' : 'success', since: isFailure ? last.id : null };
}

async function putState(db: Write, { repo, ref, series, ...state }: State): Promise<void> {
  await db
    .insertInto('branch_states')
    .values({ repo, ref, series, ...state })
    .onConflict((conflict) => conflict.columns(['repo', 'ref', 'series']).doUpdateSet(state))
    .execute();
}
