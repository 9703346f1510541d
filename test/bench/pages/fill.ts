import { createHash } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { JobId, Status, TestStatus } from '../../../src/kernel/model.ts';
import { noPullRequests } from '../../../src/kernel/pull-request.ts';
import type { Database, Write } from '../../../src/record/database.ts';
import { saveRepository } from '../../../src/record/repositories.ts';
import type { Schema } from '../../../src/record/schema.ts';
import { Chance } from './chance.ts';
import { type Project, projects } from './projects.ts';

const day = 86_400_000;
/** Builds of one transaction, and rows of one statement. */
const buildsAtOnce = 50;
const rowsAtOnce = 500;
const authors = ['Ada Lovelace', 'Grace Hopper', 'Barbara Liskov', 'Dennis Ritchie', 'renovate[bot]'] as const;
const verbs = ['Fix', 'Add', 'Remove', 'Speed up', 'Describe', 'Test', 'Rename'] as const;
const things = [
  ...(['the parser', 'retries of uploads', 'a race in the scheduler', 'totals of an invoice'] as const),
  'how dates are written where the day is the last of a month and the year is a leap year (#4711)',
] as const;
const branches = ['main', 'main', 'main', 'next', 'feature/a-branch-with-a-long-name-that-somebody-typed'] as const;

export interface Filling {
  builds: number;
  /** approximate number of test results */
  results: number;
  /** called with the number of builds so far */
  tell?(builds: number): void;
}

interface KnownTest {
  id: number;
  suite: string;
  name: string;
  mean: number;
  runs: number;
  failures: number;
  status: TestStatus;
  flaky: boolean;
  flakyCommits: { count: number; sha: string; since: number; at: number } | undefined;
  last: number;
}

interface Rows {
  builds: Insertable<Schema['builds']>[];
  jobs: Insertable<Schema['jobs']>[];
  attempts: Insertable<Schema['attempts']>[];
  steps: Insertable<Schema['steps']>[];
  test_results: Insertable<Schema['test_results']>[];
}

const noRows = (): Rows => ({ builds: [], jobs: [], attempts: [], steps: [], test_results: [] });

/** Fills an empty database with the data of months of work: the same each time, except for the dates. */
export async function fill(database: Database, { builds, results, tell = () => {} }: Filling): Promise<void> {
  const filler = new Filler(database, builds, results);
  await filler.begin();
  for (let made = 0; made < builds; ) {
    const count = Math.min(buildsAtOnce, builds - made);
    await filler.add(count);
    made += count;
    tell(made);
  }
  await filler.end();
}

class Filler {
  readonly #database: Database;
  readonly #chance = new Chance(8);
  readonly #builds: number;
  /** factor for the tests of each project, to reach the number of results */
  readonly #scale: number;
  readonly #tests = new Map<string, KnownTest[]>();
  readonly #numbers = new Map<string, number>();
  readonly #now = Date.now();
  #made = 0;

  constructor(database: Database, builds: number, results: number) {
    this.#database = database;
    this.#builds = builds;
    const shares = projects.reduce((sum, { share }) => sum + share, 0);
    this.#scale = results / projects.reduce((sum, { share, tests }) => sum + (share / shares) * builds * tests, 0);
  }

  async begin(): Promise<void> {
    let id = 0;
    for (const project of projects) {
      const { name } = project;
      const usual = {
        host: null,
        branches: [],
        tags: [],
        pollSeconds: 5,
        commits: 'every' as const,
        reports: [],
        depth: null,
        filter: null,
        runners: [],
        env: {},
        image: null,
        project: {},
        ...noPullRequests,
        visibility: 'internal' as const,
      };
      await saveRepository(this.#database, { name, url: `https://git.example/${name}.git`, ...usual, command: null });
      const tests = Array.from({ length: Math.round(project.tests * this.#scale) }, (_, index): KnownTest => {
        const suite = `src/${things[index % 4]?.split(' ').at(-1)}/part-${index % 17}.test.ts`;
        const known = { runs: 0, failures: 0, status: 'passed' as const, flakyCommits: undefined, last: 1 };
        const test = `${verbs[index % verbs.length]}s what case ${index} asks for`;
        return { id: ++id, suite, name: test, mean: this.#chance.about(40), flaky: index % 40 === 39, ...known };
      });
      this.#tests.set(name, tests);
      const rows = tests.map((test) => ({
        ...{ id: test.id, repo: name, suite: test.suite, name: test.name, file: test.suite, status: test.status },
        key: createHash('sha256').update(`${test.suite}\0${test.name}`).digest('base64url').slice(0, 22),
        ...{ runs: 0, failures: 0, duration: test.mean, first_build: 1, last_build: 1 },
      }));
      await this.#database.write((db) => insert(db, 'tests', rows));
    }
  }

  async add(count: number): Promise<void> {
    const rows = noRows();
    for (let index = 0; index < count; index++) this.#build(rows);
    await this.#database.write(async (db) => {
      for (const table of ['builds', 'jobs', 'attempts', 'steps', 'test_results'] as const)
        await insert(db, table, rows[table]);
    });
  }

  async end(): Promise<void> {
    await this.#database.write(async (db) => {
      for (const { id, runs, failures, status, last, flakyCommits } of [...this.#tests.values()].flat()) {
        const flaky = flakyCommits && {
          ...{ flaky_commits: flakyCommits.count, flaky_sha: flakyCommits.sha },
          ...{ flaky_since: flakyCommits.since, flaky_at: flakyCommits.at },
        };
        const known = { runs, failures, status, last_build: last, ...flaky };
        await db.updateTable('tests').set(known).where('id', '=', id).execute();
      }
      for (const { name } of projects) {
        for (const branch of new Set(branches)) {
          const cursor = { repo: name, ref: `refs/heads/${branch}`, sha: this.#chance.hex(40), generation: 0 };
          await db
            .insertInto('cursors')
            .values({ ...cursor, moved_at: this.#now })
            .execute();
        }
      }
      await db.updateTable('repositories').set({ default_branch: 'main', observed_at: this.#now }).execute();
    });
  }

  #build(rows: Rows): void {
    const chance = this.#chance;
    const id = ++this.#made;
    // one after the other, the last one a minute ago
    const at = this.#now - 60_000 - Math.round(((this.#builds - id) / this.#builds) * 90 * day);
    const project = this.#project();
    const number = (this.#numbers.get(project.name) ?? 0) + 1;
    this.#numbers.set(project.name, number);
    const sha = chance.hex(40);
    const open = id > this.#builds - 4;
    const failing = chance.is(0.1);
    const status: Status = open ? 'running' : failing ? 'failure' : chance.is(0.04) ? 'error' : 'success';
    const seconds = Math.max(...project.jobs.map((job) => job.seconds));
    const begun = at + chance.about(1500);
    const over = begun + chance.about(seconds * 1000);
    rows.builds.push({
      ...{ id, repo: project.name, number, ref: `refs/heads/${chance.of(branches)}`, sha, offer: `made-${id}` },
      ...{ subject: `${chance.of(verbs)} ${chance.of(things)}`, author: chance.of(authors), committed_at: at - 5000 },
      ...{ trigger: 'commit', status, created_at: at, started_at: begun, finished_at: open ? null : over },
      reason: status === 'failure' ? 'exit_code' : status === 'error' ? 'runner_lost' : null,
      message: status === 'failure' ? '"npm test" exited with code 1' : null,
      reported_at: open ? null : over,
    });
    project.jobs.forEach((job, index) => {
      const id_ = `${id}-${index + 1}` as JobId;
      const bad = failing && index === project.testsAt;
      const own: Status = open
        ? openStatus(index)
        : bad
          ? 'failure'
          : failing && job.needs.length > 1
            ? 'skipped'
            : 'success';
      const ran = own !== 'skipped' && own !== 'waiting' && own !== 'queued';
      const ended = own === 'success' || own === 'failure' || own === 'skipped';
      const lost = ran && !open && index === 0 && chance.is(0.02);
      const attempt = own === 'skipped' || own === 'waiting' ? 0 : lost ? 2 : 1;
      const runner = `box-${1 + chance.below(12)}`;
      const times = { started_at: ran ? begun : null, finished_at: ended ? over : null };
      const tests =
        !open && ran && index === project.testsAt
          ? this.#results(rows, project, { id, job: id_, attempt, sha, failing, at: over })
          : undefined;
      rows.jobs.push({
        ...{ id: id_, build_id: id, position: index + 1, name: job.name, workflow: job.workflow, labels: '["linux"]' },
        ...{ needs: JSON.stringify(job.needs), plan: '{"kind":"discover"}', timeout: 60, status: own, attempt },
        ...{ virtual_start: 0, exit_code: ended ? (bad ? 1 : 0) : null, created_at: at, ...times },
        reason: bad ? 'exit_code' : own === 'skipped' ? 'needs_failed' : null,
        message: bad
          ? '"npm test" exited with code 1'
          : own === 'skipped'
            ? 'skipped, since a job that it needs did not pass'
            : null,
        ...(ran && { runner_id: `${runner}~1`, runner_name: runner }),
      });
      if (lost) {
        const gone = begun + 41_000;
        rows.attempts.push({
          ...{ job_id: id_, number: 1, status: 'error', reason: 'runner_lost', message: 'the runner vanished' },
          ...{
            runner_id: 'box-0~1',
            runner_name: 'box-0',
            created_at: at,
            started_at: begun,
            finished_at: gone + 5000,
          },
          ...{ lost_at: gone, noticed_at: gone + 5000 },
        });
      }
      if (attempt > 0) {
        rows.attempts.push({
          ...{ job_id: id_, number: attempt, status: own, runner_id: `${runner}~1`, runner_name: ran ? runner : null },
          ...{ created_at: at, ...times, log_bytes: 20_000, log_complete: ended ? 1 : null, tests: tests ?? null },
        });
      }
      if (!ran) return;
      for (const [position, name] of [
        'Set up job',
        'Run actions/checkout@v4',
        'Run npm ci',
        'Run npm test',
      ].entries()) {
        const of = { job_id: id_, attempt, position: position + 1, name, exit_code: bad && position === 3 ? 1 : 0 };
        const state: Status =
          bad && position === 3 ? 'failure' : ended ? 'success' : position < 3 ? 'success' : 'running';
        rows.steps.push({
          ...of,
          status: state,
          details: detailsOf(state),
          started_at: begun,
          finished_at: state === 'running' ? null : over,
        });
      }
    });
  }

  #project(): Project {
    const all = projects.reduce((sum, { share }) => sum + share, 0);
    let left = this.#chance.next() * all;
    for (const project of projects) {
      left -= project.share;
      if (left < 0) return project;
    }
    return projects[0] as Project;
  }

  /** @returns the counts of the attempt, as JSON */
  #results(
    rows: Rows,
    { name }: Project,
    of: { id: number; job: JobId; attempt: number; sha: string; failing: boolean; at: number },
  ): string {
    const tests = this.#tests.get(name) ?? [];
    const broken = of.failing ? this.#chance.below(tests.length) : -9;
    let failed = 0;
    tests.forEach((test, index) => {
      const shaky = of.failing && test.flaky && this.#chance.is(0.5);
      const status: TestStatus = (index >= broken && index < broken + 3) || shaky ? 'failed' : 'passed';
      if (shaky)
        test.flakyCommits = {
          count: (test.flakyCommits?.count ?? 0) + 1,
          sha: of.sha,
          since: test.flakyCommits?.since ?? of.id,
          at: of.at,
        };
      test.runs++;
      test.status = status;
      test.last = of.id;
      if (status === 'failed') {
        test.failures++;
        failed++;
      }
      rows.test_results.push({
        ...{ test_id: test.id, build_id: of.id, job_id: of.job, attempt: of.attempt, position: index + 1, status },
        ...{ failed: status === 'failed' ? 1 : 0, duration: this.#chance.about(test.mean), created_at: of.at },
        message: status === 'failed' ? `expected 4 to equal ${this.#chance.below(9)}` : null,
        details: status === 'failed' ? trace : null,
      });
    });
    return JSON.stringify({
      passed: tests.length - failed,
      failed,
      skipped: 0,
      total: tests.length,
      listed: tests.length,
    });
  }
}

const annotation = {
  ...{ level: 'error', message: 'expected 4 to equal 5', title: null, file: 'src/parser/part-3.test.ts' },
  ...{ line: 41, endLine: null, column: 20, endColumn: null, logStart: 12_000 },
};
const summary = '### Coverage\n\n| files | lines | branches |\n|---|--:|--:|\n| `src/parser` | 93.1 % | 88.4 % |\n';

function detailsOf(status: Status): string {
  const failed = status === 'failure';
  const place = { outcome: status === 'running' ? null : status, logStart: 0, logEnd: 20_000 };
  return JSON.stringify({ ...place, annotations: failed ? [annotation] : [], summary: failed ? summary : null });
}

const trace = `AssertionError: expected 4 to equal 5
  + expected - actual

  -4
  +5

    at Context.<anonymous> (src/parser/part-3.test.ts:41:20)
    at process.processImmediate (node:internal/timers:491:21)`;

function openStatus(index: number): Status {
  return index === 0 ? 'success' : index < 4 ? 'running' : index < 7 ? 'queued' : 'waiting';
}

async function insert<T extends keyof Rows | 'tests'>(
  db: Write,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce)
    await db
      .insertInto(table)
      .values(rows.slice(from, from + rowsAtOnce) as never)
      .execute();
}
