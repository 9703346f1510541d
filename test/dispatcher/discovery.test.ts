import { expect } from 'chai';
import { CommitHandler } from '../../src/dispatcher/commits.ts';
import { planner } from '../../src/dispatcher/planner.ts';
import { packTree } from '../../src/job/discovery/packed-tree.ts';
import { hostLabel } from '../../src/kernel/names.ts';
import type { CommitMessage, JobMessage } from '../../src/queues/messages.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { queuedJobs } from '../../src/record/queued-jobs.ts';
import { observed } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

const goAndNode = { 'go.mod': 'module x', 'package.json': '{"scripts": {"test": "mocha"}}' };

describe('the dispatcher discovers how a commit is tested:', () => {
  let volt: TestVolt;
  let handler: CommitHandler;

  before(async () => {
    volt = await TestVolt.start({ jobTimeout: 7 });
  });

  beforeEach(async () => {
    const { database } = volt.context;
    await volt.emptyRedis();
    for (const table of ['builds', 'cursors', 'intents', 'repositories'] as const)
      await database.db.deleteFrom(table).execute();
    await observed(database);
    await noteDefaultBranch(database, 'app', 'main');
    handler = new CommitHandler(volt.context);
  });

  after(async () => {
    await planner.close();
    await volt.stop();
  });

  async function commit(files: { [path: string]: string }, change: Partial<CommitMessage> = {}) {
    const tree = {
      files: Object.keys(files).map((path) => ({ path, executable: false })),
      texts: Object.entries(files),
      isCut: false,
    };
    const message: CommitMessage = {
      ...{ v: 1, repo: 'app', ref: 'refs/heads/main', sha: '1'.repeat(40), subject: '', author: 'Ada' },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'commit', passedOver: 0, more: false },
      ...{ cursor: { generation: 0, before: null }, tree: await packTree(tree, 100_000), ...change },
    };
    await handler.handle(message);
    const [build] = await listBuilds(volt.context.database, { limit: 1 });
    return build ? findBuild(volt.context.database, build.id) : undefined;
  }

  const sent = async (labels: string[] = []) =>
    (await volt.context.queues.queue(jobQueue(labels)).getPrioritized()).map(({ data }) => data as JobMessage);

  it('a repository of two kinds gives two jobs', async () => {
    const build = await commit(goAndNode);
    expect(build?.jobs.map(({ name, status }) => [name, status])).to.deep.equal([
      ['node', 'queued'],
      ['go', 'queued'],
    ]);
    const plans = (await sent()).map(({ name, plan, timeout }) => ({ name, kind: plan.kind, timeout }));
    expect(plans).to.have.deep.members([
      { name: 'node', kind: 'project', timeout: 7 },
      { name: 'go', kind: 'project', timeout: 7 },
    ]);
    const queued = await queuedJobs(volt.context.database, 10, undefined);
    expect(queued.map(({ laterPlan }) => laterPlan)).to.deep.equal(['project', 'project']);
  });

  it('.volt.yml says with which labels and for how long, beside the machine of the repository', async () => {
    await observed(volt.context.database, 'local', { url: '/srv/app', host: 'box' });
    const settings = { own: 'labels: [gpu]\ntimeout: 2' };
    await commit({ 'go.mod': 'module x' }, { repo: 'local', settings: { ...settings, trusted: settings.own } });
    const [job] = await sent(['gpu', hostLabel('box')]);
    expect(job).to.deep.include({ name: 'test', timeout: 2, labels: ['gpu', hostLabel('box')] });
  });

  it('an untrusted ref has only the labels and variables of the default branch', async () => {
    const own = 'labels: [prod]\nenv: {A: evil}\nimage: evil';
    await commit({ 'go.mod': 'module x' }, { ref: 'refs/heads/side', settings: { own, trusted: 'env: {B: good}' } });
    const [job] = await sent();
    expect(job).to.deep.include({ labels: [] });
    expect(job?.plan).to.deep.include({ env: { B: 'good' } });
  });

  it('a trusted ref has its own labels and variables', async () => {
    const own = 'labels: [prod]\nenv: {A: own}';
    await commit({ 'go.mod': 'module x' }, { ref: 'refs/tags/v1', settings: { own, trusted: null } });
    expect((await sent(['prod']))[0]?.plan).to.deep.include({ env: { A: 'own' } });
  });

  it('tests run in the image of the repository, else in that of .volt.yml, also where the runner discovers them', async () => {
    const settings = { own: 'image: node:22', trusted: 'image: node:22' };
    await commit({ 'go.mod': 'module x' }, { settings });
    const [ofFile] = await sent();
    expect(ofFile?.plan).to.deep.include({ kind: 'image', image: 'node:22', from: 'file' });
    expect(ofFile?.plan).to.have.nested.property('plan.kind', 'project');
    const queued = await queuedJobs(volt.context.database, 10, undefined);
    expect(queued.map(({ laterPlan }) => laterPlan)).to.deep.equal(['image']);

    await observed(volt.context.database, 'imaged', { image: 'debian:13' });
    const plans = async () => (await sent()).filter(({ repo }) => repo.name === 'imaged');
    await commit({ 'go.mod': 'module x' }, { repo: 'imaged', settings });
    const [ofRepository] = await plans();
    expect(ofRepository?.plan).to.deep.include({ kind: 'image', image: 'debian:13', from: 'repository' });
    expect(ofRepository?.repo).to.include({ image: 'debian:13' });
    await observed(volt.context.database, 'commanded', { image: 'debian:13', command: 'make' });
    await commit({}, { repo: 'commanded', tree: undefined });
    expect((await sent()).find(({ repo }) => repo.name === 'commanded')?.plan).to.deep.equal({
      ...{ kind: 'image', image: 'debian:13', from: 'repository', plan: { kind: 'command', command: 'make' } },
    });
  });

  it('an invalid .volt.yml ends the build with an error that names line and column', async () => {
    const build = await commit(goAndNode, { settings: { own: 'timeout: 1\ncomand: make' } });
    expect(build?.jobs).to.have.length(1);
    const [decided] = await volt.context.queues.queue('results').getWaiting();
    expect(decided?.data).to.include({ kind: 'decided', status: 'error', reason: 'invalid_settings' });
    expect(decided?.data.message).to.match(/^\.volt\.yml:2:1: there is no setting "comand"/);
  });

  it('a commit without tests ends the build with an error that says what Volt looks for', async () => {
    await commit({ README: '' });
    const [decided] = await volt.context.queues.queue('results').getWaiting();
    expect(decided?.data).to.include({ kind: 'decided', status: 'error', reason: 'no_tests_found' });
    expect(decided?.data.message).to.match(/^found no tests .*: Node, Bun, /);
  });

  it('workflow files take precedence over discovery, and a command of .volt.yml over both', async () => {
    const text = 'on: push\njobs: {a: {runs-on: x, steps: [{run: make}]}}';
    const workflows = { files: [{ path: '.volt/workflows/a.yml', text }], changed: null, defaultBranch: 'main' };
    const plain = await commit({}, { tree: undefined, workflows, settings: { own: 'timeout: 3' } });
    expect(plain?.jobs.map(({ name, workflow }) => [name, workflow])).to.deep.equal([['a', '.volt/workflows/a.yml']]);
    const cursor = { generation: 0, before: { generation: 0, sha: '1'.repeat(40) } };
    const own = await commit(
      {},
      { sha: '2'.repeat(40), cursor, tree: undefined, workflows, settings: { own: 'command: make' } },
    );
    expect(own?.jobs.map(({ name, workflow }) => [name, workflow])).to.deep.equal([['test', null]]);
  });

  it('a commit of an older observer is left to the runner', async () => {
    await commit({}, { tree: undefined });
    expect((await sent())[0]?.plan).to.deep.equal({ kind: 'discover' });
  });

  it('files that cannot be read end the build with an error after three tries', async () => {
    const tree = Buffer.from('no listing').toString('base64');
    for (const isLast of [false, false, true]) {
      const failed = await commit({}, { tree }).then(
        () => false,
        () => true,
      );
      expect(failed).to.equal(!isLast);
    }
    const [decided] = await volt.context.queues.queue('results').getWaiting();
    expect(decided?.data).to.include({ status: 'error', reason: 'planning_failed' });
  });
});
