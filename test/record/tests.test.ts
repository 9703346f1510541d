import { expect } from 'chai';
import type { Test } from '../../src/kernel/model/test-shapes.ts';
import type { AttemptRef, BuildId, TestResult } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { removeBuild } from '../../src/record/retention.ts';
import { findTest, historyOf, listTests, suitesOf, type TestOrder, testOrders } from '../../src/record/test-history.ts';
import { resultsOf } from '../../src/record/test-queries.ts';
import { removeForgottenTests, removeResults } from '../../src/record/test-removal.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { only } from '../support/database.ts';
import { plansOf } from '../support/query-plans.ts';
import { observed, plannedJob, pullRequest7, recordedBuild, withRecord } from '../support/record.ts';
import { noFailure } from '../support/test-result.ts';

type Statuses = { [name: string]: TestResult['status'] };

describe('the tests of a repository', () => {
  let database: Database;

  withRecord((opened) => {
    database = opened;
  });

  /** A build whose one job has had these results. */
  async function build(statuses: Statuses, change: Partial<NewBuild> = {}, duration = 10): Promise<BuildId> {
    return run(await recordedBuild(database, change), statuses, duration);
  }

  async function run(id: BuildId, statuses: Statuses, duration = 10): Promise<BuildId> {
    const ref = { job: `${id}-1`, attempt: 1 } as AttemptRef;
    const results = Object.entries(statuses).map(([name, status]) => ({
      ...{ suite: 'sum', name, file: null, status, duration, ...noFailure },
    }));
    expect(await recordTests(database, ref, 1, results)).to.equal(true);
    await finishAttempt(database, ref, {
      ...{ status: 'success', reason: null, message: null, exitCode: 0, steps: [], logBytes: 0, logComplete: true },
      runner: { id: 'r1~1', name: 'r1', host: 'box' },
      ...{ startedAt: Date.now(), finishedAt: Date.now() },
    });
    return id;
  }

  async function names(sort: TestOrder, limit = 50): Promise<string[]> {
    return (await listTests(database, { repo: 'app', sort, limit })).tests.map(({ name }) => name);
  }

  async function named(name: string): Promise<Test> {
    const { tests } = await listTests(database, { repo: 'app', sort: 'newest', limit: 500 });
    return tests.find((test) => test.name === name) ?? expect.fail(`there is no test ${name}`);
  }

  it('do not show by their order where a test of another repository would be among them', async () => {
    await observed(database, 'secret');
    const hidden = await build({ launch: 'passed' }, { repo: 'secret' });
    await build({ a: 'passed', z: 'passed' });
    const { tests } = await listTests(database, { repo: 'secret', sort: 'state', limit: 1 });
    expect(tests[0]?.lastBuild).to.equal(hidden);
    const after = `0~${tests[0]?.id}`;
    expect((await listTests(database, { repo: 'app', sort: 'state', limit: 5, after })).tests).to.deep.equal([]);
  });

  it('are flaky if they have both passed and failed in one job of one commit', async () => {
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    const first = await build({ steady: 'passed', shaky: 'passed', late: 'skipped' }, { sha: one });
    expect(await names('flaky')).to.deep.equal([]);
    const again = await build({ steady: 'passed', shaky: 'failed', late: 'failed' }, { sha: one });
    // another commit may well have broken it
    await build({ steady: 'failed', shaky: 'failed' }, { sha: two });
    expect(await names('flaky')).to.deep.equal(['shaky']);
    const { flaky, runs, failures } = await named('shaky');
    expect({ runs, failures }).to.deep.equal({ runs: 3, failures: 2 });
    expect(flaky).to.include({ commits: 1, sha: one, since: again, sinceSha: one });
    await build({ shaky: 'error' }, { sha: one });
    expect((await named('shaky')).flaky, 'one commit counts once').to.include({ commits: 1, since: again });
    await build({ shaky: 'passed' }, { sha: two });
    expect((await named('shaky')).flaky).to.include({ commits: 2, sha: two, since: again });
    expect(first).to.not.equal(again);
  });

  it('are flaky if they start to fail again and again on one branch, with one build per commit', async () => {
    let count = 0;
    const next = (shaky: TestResult['status'], ref = 'refs/heads/main') =>
      build({ shaky }, { sha: String(++count).padStart(40, 'a'), ref });
    // broken once and mended, and broken for long, shows nothing
    for (const status of ['passed', 'failed', 'failed', 'failed', 'passed', 'failed'] as const) await next(status);
    // another branch does not count in
    for (const status of ['passed', 'failed'] as const) await next(status, 'refs/heads/other');
    expect(await names('flaky')).to.deep.equal([]);
    await next('passed');
    const third = await next('failed');
    expect((await named('shaky')).flaky).to.include({ commits: 1, since: third });
    await next('passed');
    await next('failed');
    expect((await named('shaky')).flaky).to.include({ commits: 2, since: third });
  });

  it('are flaky in a backlog, too, where later builds of the branch have no results yet', async () => {
    const builds = [];
    for (let count = 0; count < 30; count++)
      builds.push(await recordedBuild(database, { sha: String(count).padStart(40, 'b') }));
    const statuses = ['passed', 'failed', 'passed', 'failed', 'passed', 'failed'] as const;
    for (const [index, shaky] of statuses.entries()) await run(builds[index] as BuildId, { shaky });
    expect((await named('shaky')).flaky).to.include({ commits: 1, since: builds[5] });
  });

  it('are not flaky if they fail with many others', async () => {
    const many = (status: TestResult['status']) =>
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`case ${index}`, status]));
    for (const [index, status] of (['passed', 'failed', 'passed', 'failed', 'passed', 'failed'] as const).entries())
      await build(many(status), { sha: String(index).padStart(40, 'b') });
    expect(await names('flaky')).to.deep.equal([]);
  });

  it('are not flaky if one of their cases fails and another passes in the same attempt', async () => {
    const id = await recordedBuild(database, { sha: 'c'.repeat(40) });
    const ref = { job: `${id}-1`, attempt: 1 } as AttemptRef;
    const of = (status: TestResult['status']) => ({ suite: 's', name: 'of a table', status });
    const more = { file: null, duration: 1, ...noFailure };
    await recordTests(database, ref, 1, [
      { ...of('passed'), ...more },
      { ...of('failed'), ...more },
    ]);
    expect(await names('flaky')).to.deep.equal([]);
  });

  it('are not flaky if a commit, its merge and its merge with a later base disagree, unlike two runs of one merge', async () => {
    const [ref, sha] = ['refs/pull/7/head', '1'.repeat(40)];
    await build({ sum: 'passed' }, { sha });
    await build({ sum: 'failed' }, { ref, sha, pullRequest: pullRequest7 });
    const later = { ref, sha, pullRequest: { ...pullRequest7, base: 'd'.repeat(40), merge: 'e'.repeat(40) } };
    await build({ sum: 'passed' }, later);
    expect(await names('flaky')).to.deep.equal([]);
    await build({ sum: 'failed' }, later);
    expect(await names('flaky')).to.deep.equal(['sum']);
  });

  it('are not flaky if jobs of different names disagree', async () => {
    const sha = '3'.repeat(40);
    await build({ picky: 'passed' }, { sha });
    await build({ picky: 'failed' }, { sha, jobs: [plannedJob('other')] });
    expect(await names('flaky')).to.deep.equal([]);
  });

  it('are listed by duration, in pages without gaps', async () => {
    for (const [name, duration] of [
      ['slow', 900],
      ['quick', 1],
      ['middling', 30],
      ['alike', 30],
    ] as const) {
      await build({ [name]: 'passed' }, {}, duration);
    }
    expect(await names('slowest')).to.deep.equal(['slow', 'alike', 'middling', 'quick']);
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await listTests(database, { repo: 'app', sort: 'slowest', limit: 1, after });
      found.push(...page.tests.map(({ name }) => name));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(found).to.deep.equal(['slow', 'alike', 'middling', 'quick']);
    await build({ quick: 'passed' }, {}, 101);
    expect((await named('quick')).duration).to.be.closeTo(31, 0.001);
  });

  it('may have names of the greatest length that a report gives them', async () => {
    const [suite, name] = ['😀'.repeat(250), '🙂'.repeat(250)];
    const id = await recordedBuild(database);
    const result = { suite, name, file: null, status: 'failed' as const, duration: 1, ...noFailure };
    await recordTests(database, { job: `${id}-1`, attempt: 1 } as AttemptRef, 1, [result]);
    expect((await listTests(database, { repo: 'app', sort: 'state', q: name, limit: 1 })).tests[0]?.suite).to.equal(
      suite,
    );
  });

  it('have a history, newest build first', async () => {
    const builds = [await build({ a: 'passed' }), await build({ a: 'failed' }), await build({ a: 'passed' })];
    const { id } = await named('a');
    const first = await historyOf(database, id, { limit: 2 });
    const second = await historyOf(database, id, { limit: 2, before: first.next ?? '' });
    const results = [...first.results, ...second.results];
    expect(results.map((result) => [result.build, result.status])).to.deep.equal([
      [builds[2], 'passed'],
      [builds[1], 'failed'],
      [builds[0], 'passed'],
    ]);
    expect(second.next).to.equal(null);
    expect(await findTest(database, 'other', id)).to.equal(undefined);
  });

  it('distinguish a new failure from one of the build before on the branch', async () => {
    await build({ old: 'failed', fresh: 'passed' });
    await build({ old: 'passed', fresh: 'failed' }, { ref: 'refs/heads/other' });
    const id = await build({ old: 'failed', fresh: 'failed', added: 'failed' });
    const results = await resultsOf(database, { build: id, failed: true, limit: 50 });
    expect(results.map(({ name, before }) => [name, before])).to.deep.equal([
      ['old', 'failed'],
      ['fresh', 'passed'],
      ['added', null],
    ]);
  });

  it('are removed with the last build that had them', async () => {
    const first = await build({ gone: 'passed', stays: 'passed' });
    await build({ stays: 'passed' });
    await removeResults(database, first);
    await removeBuild(database, first);
    await removeForgottenTests(database, 'app');
    expect(await names('newest')).to.deep.equal(['stays']);
    expect((await historyOf(database, (await named('stays')).id, { limit: 9 })).results).to.have.length(1);
  });

  only.sqlite('are found by index', async () => {
    const id = await build({ a: 'failed' });
    await build({ a: 'passed' });
    const { id: test } = await named('a');
    const ref = { job: `${await recordedBuild(database)}-1`, attempt: 1 } as AttemptRef;
    const result = {
      suite: '',
      name: 'a',
      file: null,
      status: 'passed',
      duration: 1,
      ...noFailure,
    } as const;
    const plans = await plansOf(database, async (watched) => {
      for (const sort of testOrders) {
        await listTests(watched, { repo: 'app', sort, limit: 10 });
        await listTests(watched, { repo: 'app', sort, limit: 10, after: '5~5' });
      }
      await listTests(watched, { repo: 'app', sort: 'state', suite: 'sum', q: 'add', limit: 10 });
      await suitesOf(watched, 'app', 10);
      await findTest(watched, 'app', test);
      await historyOf(watched, test, { limit: 10, before: '9~9' });
      for (const failed of [true, false]) {
        await resultsOf(watched, { build: id, failed, limit: 10 });
        await resultsOf(watched, { build: id, job: `${id}-1` as never, failed, limit: 10, after: '1' });
      }
      expect(await recordTests(watched, ref, 1, [result])).to.equal(true);
      await removeResults(watched, id);
      await removeForgottenTests(watched, 'app');
    });
    for (const index of ['tests_by_duration', 'tests_by_state', 'test_results_failed'])
      expect(plans.join('\n')).to.include(index);
    for (const step of plans) expect(step).to.not.match(/^SCAN|FOR ORDER BY|USING INDEX builds_by_repo \(repo=\?\)$/);
  });
});
