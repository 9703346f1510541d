import { expect } from 'chai';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import { searchBuilds } from '../../src/record/build-search.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { cursorsOf } from '../../src/record/cursors.ts';
import type { Database } from '../../src/record/database.ts';
import { findIntent, openTrigger } from '../../src/record/intents.ts';
import { type NewBuild, recordPlan } from '../../src/record/plans.ts';
import { schedulesOf } from '../../src/record/schedules.ts';
import { administrator } from '../../src/record/visibility.ts';
import { TestFolders } from '../support/folder.ts';
import { newBuild, observed, openRecord, plan, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];
const ref = 'refs/heads/main';

describe('recording a plan', () => {
  const folders = new TestFolders();
  let dataDir: string;
  let database: Database;

  beforeEach(async () => {
    dataDir = folders.make();
    database = await openRecord(dataDir);
    await observed(database);
  });

  afterEach(() => database.close());

  after(folders.remove);

  const count = async () => (await listBuilds(database, { limit: 500 })).length;
  const cursor = async () => (await cursorsOf(database, 'app')).get(ref);

  /** The build of a commit that follows another one on the branch. */
  const commit = (sha: string, before: string | null, generations: [number, number] = [0, 0]): NewBuild =>
    newBuild({
      sha,
      offer: `app@${generations[1]}.${sha}.${ref}`,
      trigger: 'commit',
      cursor: {
        before: before === null ? null : { sha: before, generation: generations[0] },
        generation: generations[1],
      },
    });
  const take = async (build: NewBuild) => (await recordPlan(database, build)).outcome;

  it('notes the head of a pull request with its build, and nothing of one that is out of turn', async () => {
    const pull = (sha: string, before: string | null) => ({
      ...commit(sha, before),
      ref: 'refs/pull/7/head',
      offer: `pull ${sha}`,
      pullRequest: pullRequest7,
    });
    const heads = () => database.db.selectFrom('pull_requests').select(['number', 'ref', 'head']).execute();
    expect(await take(pull(one, null))).to.equal('made');
    expect(await heads()).to.deep.equal([{ number: 7, ref: 'refs/pull/7/head', head: one }]);
    expect(await take(pull(three, two))).to.equal('out_of_turn');
    expect(await take(pull(two, one))).to.equal('made');
    expect(await heads()).to.deep.equal([{ number: 7, ref: 'refs/pull/7/head', head: two }]);
    const [build] = await searchBuilds(database, { reader: administrator, repos: ['app'], pull: 7 }, { limit: 1 });
    expect(build?.pullRequest).to.deep.equal({ number: 7, head: null, base: 'main', trusted: false, url: null });
    await recordedBuild(database);
    expect(await searchBuilds(database, { reader: administrator, pull: 7 }, { limit: 9 })).to.have.lengthOf(2);
  });

  it('makes a build with all its jobs', async () => {
    const jobs = [plannedJob('build', { labels: ['linux'] }), plannedJob('test', { needs: ['build'], timeout: 5 })];
    const id = await recordedBuild(database, { jobs, message: 'a word' });
    const build = await findBuild(database, id);
    expect(build).to.include({
      number: 1,
      repo: 'app',
      status: 'queued',
      message: 'a word',
      trigger: 'manual',
      subject: 'a subject',
      author: 'Ada',
    });
    expect(
      build?.jobs.map(({ id, name, labels, needs, status }) => ({ id, name, labels, needs, status })),
    ).to.deep.equal([
      { id: jobIdOf(id, 1), name: 'build', labels: ['linux'], needs: [], status: 'queued' },
      { id: jobIdOf(id, 2), name: 'test', labels: [], needs: ['build'], status: 'waiting' },
    ]);
  });

  it('numbers the builds of each repository from 1, and gives every build an id of its own', async () => {
    await observed(database, 'other');
    const ids: BuildId[] = [];
    for (const repo of ['app', 'other', 'app']) ids.push(await recordedBuild(database, { repo }));
    const numbers = await Promise.all(ids.map(async (id) => (await findBuild(database, id))?.number));
    expect(numbers).to.deep.equal([1, 1, 2]);
    expect(new Set(ids).size).to.equal(3);
  });

  it('never makes a second build of the same commit message', async () => {
    const made = await recordPlan(database, commit(one, null));
    const known = await recordPlan(database, commit(one, null));
    expect(known).to.deep.equal({ outcome: 'known', build: 'build' in made ? made.build : undefined });
    expect(made.outcome).to.equal('made');
    expect(await count()).to.equal(1);
  });

  it('moves the cursor of the ref with each build', async () => {
    expect(await take(commit(one, null))).to.equal('made');
    expect(await cursor()).to.deep.include({ ref, sha: one, generation: 0 });
    expect(await take(commit(two, one))).to.equal('made');
    expect(await cursor()).to.deep.include({ ref, sha: two, generation: 0 });
    expect(await take(commit(three, two, [0, 1]))).to.equal('made');
    expect(await cursor()).to.deep.include({ ref, sha: three, generation: 1 });
  });

  it('refuses a commit that is not the next one of its ref, and records nothing', async () => {
    expect(await take(commit(two, one)), 'before the first').to.equal('out_of_turn');
    await take(commit(one, null));
    expect(await take(commit(three, two)), 'the one before is missing').to.equal('out_of_turn');
    expect(await take(commit(two, null)), 'the ref is not new').to.equal('out_of_turn');
    expect(await take(commit(two, one, [1, 1])), 'of another generation').to.equal('out_of_turn');
    expect(await cursor()).to.deep.include({ ref, sha: one, generation: 0 });
    expect(await count()).to.equal(1);
  });

  it('builds a commit again that a forced push has brought back', async () => {
    await take(commit(one, null));
    await take(commit(two, one));
    expect(await take(commit(one, two, [0, 1]))).to.equal('made');
    expect(await take(commit(two, one, [1, 1]))).to.equal('made');
    expect(await count()).to.equal(4);
  });

  it('keeps the cursors of refs and of repositories apart', async () => {
    await observed(database, 'other');
    await take(commit(one, null));
    const elsewhere = [
      { ...commit(two, null), ref: 'refs/heads/dev' },
      { ...commit(two, null), repo: 'other', offer: 'x' },
    ];
    for (const build of elsewhere) expect(await take(build)).to.equal('made');
    expect(await cursor()).to.deep.include({ ref, sha: one, generation: 0 });
  });

  it('moves no cursor for a person', async () => {
    await take(commit(one, null));
    await plan(database, { sha: three });
    expect(await cursor()).to.deep.include({ ref, sha: one, generation: 0 });
  });

  it('answers the request of a person with the build, once', async () => {
    const intent = await openTrigger(database, 'app', null);
    const build = newBuild({ intent, offer: `app@intent.${intent}` });
    const made = await recordPlan(database, build);
    await recordPlan(database, build);
    expect(await findIntent(database, intent)).to.include({
      open: false,
      madeBuild: (made as { build: BuildId }).build,
    });
    expect(await count()).to.equal(1);
  });

  it('does nothing for a repository that is not observed', async () => {
    expect(await take({ ...commit(one, null), repo: 'unknown' })).to.equal('unknown_repository');
    expect(await count()).to.equal(0);
  });

  it('records all or nothing', async () => {
    await take(commit(one, null));
    const broken = { ...commit(two, one), jobs: [plannedJob('test', { plan: null as unknown as string })] };
    const failed = await recordPlan(database, broken).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    expect(String(failed)).to.match(/null/i);
    expect(await cursor()).to.deep.include({ ref, sha: one, generation: 0 });
    expect(await count()).to.equal(1);
  });

  it('happens once by two dispatchers with the same commit message', async () => {
    const second = await openRecord(dataDir);
    const outcomes = await Promise.all(
      [database, second].map(async (each) => (await recordPlan(each, commit(one, null))).outcome),
    );
    expect(outcomes).to.have.members(['made', 'known']);
    expect(await count()).to.equal(1);
    await second.close();
  });

  it('takes any number of jobs and schedules', async () => {
    const jobs = Array.from({ length: 5000 }, (_, index) => plannedJob(`job ${index}`));
    const schedules = Array.from({ length: 14_000 }, (_, index) => {
      return { workflow: `${index}.yml`, cron: '0 0 * * *', timezone: null, nextAt: index };
    });
    const id = await recordedBuild(database, { jobs, standing: { schedules, awaited: [] } });
    expect((await findBuild(database, id))?.jobs.map(({ name }) => name)).to.deep.equal(jobs.map(({ name }) => name));
    expect(await schedulesOf(database, 'app')).to.have.length(14_000);
  });

  it('sets schedules only for a build that it makes', async () => {
    const at = (cron: string) => ({
      standing: { schedules: [{ workflow: 'ci.yml', cron, timezone: null, nextAt: 1 }], awaited: [] },
    });
    const crons = async () => (await schedulesOf(database, 'app')).map(({ cron }) => cron);
    await take({ ...commit(two, one), ...at('0 2 * * *') });
    expect(await crons(), 'out of turn').to.deep.equal([]);
    await take({ ...commit(one, null), ...at('0 1 * * *') });
    await take({ ...commit(two, one), ...at('0 2 * * *') });
    await take({ ...commit(one, null), ...at('0 1 * * *') });
    expect(await crons(), 'offered again').to.deep.equal(['0 2 * * *']);
    await take(commit(three, two));
    expect(await crons(), 'of a build that says nothing of them').to.deep.equal(['0 2 * * *']);
  });
});
