import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Build, isFinal } from '../../src/kernel/model.ts';
import { startObserver } from '../../src/observer/start.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { decideWaits } from '../../src/record/approvals.ts';
import { approvalMaterial } from '../../src/record/build-approvals.ts';
import { searchBuilds } from '../../src/record/build-search.ts';
import { findBuild } from '../../src/record/builds.ts';
import { openRetry } from '../../src/record/intents.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { administrator } from '../../src/record/visibility.ts';
import { TestFolders } from '../support/folder.ts';
import { isIsolable } from '../support/isolation.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const called = `on: workflow_call
jobs: { lint: { runs-on: linux, steps: [{ run: 'echo linted' }] } }
`;
const calling = 'on: pull_request\njobs: { lint: { uses: acme/ci/.github/workflows/lint.yml@v1 } }\n';
const workflow = `on: pull_request
jobs:
  test:
    runs-on: linux
    steps:
      - run: echo "key has \${#KEY} characters"
        env: { KEY: '\${{ secrets.KEY }}' }
`;

describe('a pull request of a fork that a person must approve', function () {
  this.timeout(120_000);
  const folders = new TestFolders();
  const repositories: TestRepository[] = [];
  let volt: TestVolt;
  let observer: Stage;
  let repository: TestRepository;

  before(async function () {
    if (!(await isIsolable('sandbox'))) this.skip();
    const actionsUrl = folders.make();
    const ci = new TestRepository({ '.github/workflows/lint.yml': called }, { at: join(actionsUrl, 'acme/ci') });
    ci.git('tag', 'v1');
    repository = new TestRepository({ README: 'x', '.github/workflows/ci.yml': workflow }, { name: 'app' });
    repositories.push(ci, repository);
    volt = await TestVolt.start({ isolation: 'sandbox', actionsUrl });
    await volt.reporter();
    await volt.dispatcher();
    observer = await startObserver(volt.context);
    await volt.runner();
    await volt.observe(repository.path, { pollSeconds: 1, pullRequests: 'approved' });
    const { database, config } = volt.context;
    await setSecret(database, config, { repo: 'app', name: 'KEY', value: 'sesame' });
    await setTrustedRefs(database, 'app', ['refs/**']);
    await until('the first poll has ended', async () => (await newest()) !== undefined);
  });
  after(async () => {
    await observer?.stop();
    await volt?.stop();
    folders.remove();
    for (const one of repositories) one.remove();
  });

  function commit(files: Record<string, string>, subject = 'a change'): string {
    repository.git('checkout', '--quiet', '--detach', 'main');
    const sha = repository.commit(subject, files);
    repository.git('checkout', '--quiet', 'main');
    return sha;
  }
  const point = (number: number, sha: string) => repository.git('update-ref', `refs/pull/${number}/head`, sha);

  async function newest(pull?: number): Promise<Build | undefined> {
    const [found] = await searchBuilds(
      volt.context.database,
      { reader: administrator, repos: ['app'], pull },
      { limit: 1 },
    );
    return found && findBuild(volt.context.database, found.id);
  }
  const buildOf = (pull: number, sha: string, is: (build: Build) => boolean) =>
    until(`the build of pull request ${pull}`, async () => {
      const build = await newest(pull);
      return build?.sha === sha && is(build) ? build : undefined;
    });
  const waiting = ({ status, reason }: Build) => status === 'waiting' && reason === 'approval_required';
  const ended = ({ status }: Build) => isFinal(status);

  async function decide(build: Build, decision: 'approved' | 'declined'): Promise<number> {
    const { database, queues } = volt.context;
    const jobs = await decideWaits(database, { build: build.id, jobs: null }, { decision, by: 'ada', comment: null });
    await queues.sendAdvance({ v: 1, build: build.id });
    return jobs.length;
  }
  const logOf = (build: Build, name: string) => {
    const job = build.jobs.find((one) => one.name === name);
    return readFileSync(join(volt.dataDir, 'logs', build.id, `${job?.id}.1.log`), 'utf8');
  };
  const mirrors = () => readdirSync(join(volt.dataDir, 'mirrors')).filter((name) => name.endsWith('.git'));

  it('runs and fetches nothing before that, and then what was approved, without a secret', async () => {
    const before = mirrors();
    const head = commit({ '.github/workflows/more.yml': calling }, 'a change $(touch /tmp/x) ${{ secrets.KEY }}');
    point(2, head);
    const build = await buildOf(2, head, waiting);
    expect(build.jobs.map(({ name, status, attempts }) => [name, status, attempts])).to.deep.equal([
      ['approval', 'waiting', []],
    ]);
    const material = await approvalMaterial(volt.context.database, build.id);
    expect(material?.files.map(({ path, status }) => [path, status])).to.deep.equal([
      ['.github/workflows/more.yml', 'added'],
    ]);
    expect(material?.files[0]?.diff).to.include('+jobs: { lint: { uses: acme/ci');
    expect(mirrors()).to.deep.equal(before);
    expect(await decide(build, 'approved')).to.equal(1);
    const over = await buildOf(2, head, ended);
    expect([over.id, over.status]).to.deep.equal([build.id, 'success']);
    expect(over.jobs.map(({ name }) => name)).to.deep.equal(['test', 'lint / lint']);
    expect(over.approval).to.include({ decision: 'approved', by: 'ada' });
    expect(logOf(over, 'test'))
      .to.include('key has 0 characters')
      .and.include('this is a pull request: the job gets no secrets');
  });

  it('is asked about again for a newer head, though the head before was approved', async () => {
    const first = commit({ 'a.txt': '1' });
    point(3, first);
    const build = await buildOf(3, first, waiting);
    const second = commit({ 'a.txt': '2', '.volt.yml': 'command: touch /tmp/stolen\n' });
    point(3, second);
    const next = await buildOf(3, second, waiting);
    const superseded = await until('the first build has ended', async () => {
      const found = await findBuild(volt.context.database, build.id);
      return found && isFinal(found.status) && found;
    });
    expect(superseded).to.include({ status: 'cancelled', reason: 'superseded' });
    expect(await decide(build, 'approved')).to.equal(0);
    const material = await approvalMaterial(volt.context.database, next.id);
    expect(material?.files.map(({ path }) => path)).to.deep.equal(['.volt.yml']);
    expect(material?.digest).to.not.equal((await approvalMaterial(volt.context.database, build.id))?.digest);
    expect(next.jobs.every(({ attempts }) => attempts.length === 0)).to.equal(true);
  });

  it('is cancelled if the person declines it, and asked about again if it is retried', async () => {
    const head = commit({ 'b.txt': '' });
    point(4, head);
    const build = await buildOf(4, head, waiting);
    await decide(build, 'declined');
    const declined = await buildOf(4, head, ended);
    expect([declined.status, declined.reason, declined.message]).to.deep.equal([
      ...['cancelled', 'declined', 'ada declined the pull request'],
    ]);
    await openRetry(volt.context.database, 'app', build.id, { job: null, failedOnly: false });
    await volt.context.queues.sendAdvance({ v: 1, build: build.id });
    const again = await buildOf(4, head, (now) => now.jobs[0]?.reason === 'approval_required');
    await decide(again, 'approved');
    const over = await buildOf(4, head, ended);
    expect(over.status, JSON.stringify(over.jobs)).to.equal('success');
  });

  it('is built without being asked about where a branch of the repository is at its head', async () => {
    const head = commit({ 'c.txt': '' });
    repository.git('branch', 'topic', head);
    point(5, head);
    expect((await buildOf(5, head, ended)).status).to.equal('success');
    expect(existsSync('/tmp/stolen')).to.equal(false);
  });
});
