import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProcessGroup } from '../../src/exec/process-group.ts';

import { ownerFetchPolicy } from '../../src/git/access/fetch-policy.ts';
import { mergeCommit } from '../../src/git/merge.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import type { JobInput } from '../../src/job/input-and-result.ts';
import { runJob } from '../../src/job/job.ts';
import type { JobContext } from '../../src/job/job-context.ts';
import { cancelled, JobAborted, mayBeRepeated, timedOut } from '../../src/job/outcome.ts';
import { JobIsolation } from '../../src/job/sandbox/job-isolation.ts';
import { TextWorker } from '../../src/job/texts/text-worker.ts';
import type { Step } from '../../src/kernel/model.ts';
import { ownTrust } from '../../src/kernel/trust.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { TestFolders } from '../support/folder.ts';
import { noEngine, usualContainers } from '../support/no-engine.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

describe('a job', () => {
  const folders = new TestFolders();
  const mirrors = folders.make();
  const repositories: TestRepository[] = [];
  const opened: ProcessGroup[] = [];

  const texts = new TextWorker();

  afterEach(async () => {
    for (const processes of opened.splice(0)) await processes.close();
    for (const repository of repositories.splice(0)) repository.remove();
  });

  after(async () => {
    await texts.close();
    folders.remove();
  });

  function repositoryOf(files: Record<string, string>): TestRepository {
    const repository = new TestRepository(files);
    repositories.push(repository);
    return repository;
  }

  /** A job under way, of the newest commit of a repository. */
  function start(repository: TestRepository, change: Partial<JobInput> = {}, around: Partial<JobContext> = {}) {
    const stop = new AbortController();
    const chunks: Buffer[] = [];
    const told: Step[][] = [];
    const processes = ProcessGroup.open(3600, 'group');
    void processes.then((group) => opened.push(group));
    const folder = join(folders.make(), 'job');
    const workspace = join(around.folder ?? folder, 'workspace');
    const input: JobInput = {
      repo: { name: 'app', url: repository.path },
      ref: 'refs/heads/main',
      sha: repository.head(),
      trust: ownTrust,
      plan: { kind: 'discover' },
      ...change,
    };
    const ended = runJob(input, {
      folder,
      mirrors,
      fetchPolicy: ownerFetchPolicy,
      gitLimits: {},
      actions: new ActionStore(folders.make(), '/nowhere', { fetchPolicy: ownerFetchPolicy, limits: {} }),
      toolCache: folders.make(),
      ownActions: [],
      containers: usualContainers,
      caches: folders.make(),
      artifacts: folders.make(),
      runner: 'box',
      engine: noEngine,
      texts: texts.forJob('box'),
      sandbox: JobIsolation.none,
      env: jobEnvironment(),
      processes,
      output: (chunk) => void chunks.push(Buffer.from(chunk)),
      progress: (steps) => told.push(structuredClone(steps)),
      secrets: async () => ({ values: {}, withheld: null }),
      credential: async () => undefined,
      signal: stop.signal,
      ...around,
    });
    const log = () => Buffer.concat(chunks).toString();
    return { ended, stop, log, told, workspace };
  }

  async function run(repository: TestRepository, change: Partial<JobInput> = {}, around: Partial<JobContext> = {}) {
    const job = start(repository, change, around);
    return { ...(await job.ended), log: job.log(), told: job.told, workspace: job.workspace };
  }

  const command = (text: string): Partial<JobInput> => ({ plan: { kind: 'command', command: text } });
  const short = (steps: Step[]) => steps.map(({ name, status, exitCode }) => [name, status, exitCode]);

  it('succeeds when the tests that it finds do', async () => {
    const { outcome, steps, log, told } = await run(repositoryOf({ 'test.sh': '#!/bin/sh\necho all is well\n' }));
    expect(outcome).to.deep.equal({ status: 'success', reason: null, message: null, exitCode: 0 });
    expect(short(steps)).to.deep.equal([
      ['checkout', 'success', null],
      ['test', 'success', 0],
    ]);
    for (const { startedAt, finishedAt } of steps)
      expect(Date.parse(finishedAt ?? '')).to.be.at.least(Date.parse(startedAt ?? ''));
    expect(log).to.match(
      /^\[volt\] checking out [0-9a-f]{12} of app \(main\)\n\[volt\] found test\.sh: \.\/test\.sh \(it may be executed\)\n\[volt\] \$ \.\/test\.sh\nall is well\n\[volt\] found no test results in the output: the exit code alone decides\n$/,
    );
    expect(told.map(short)).to.deep.equal([
      [['checkout', 'running', null]],
      [['checkout', 'success', null]],
      [
        ['checkout', 'success', null],
        ['test', 'running', null],
      ],
      [
        ['checkout', 'success', null],
        ['test', 'success', 0],
      ],
    ]);
  });

  it('tests the merge of a pull request, which it makes again', async () => {
    const repository = repositoryOf({ 'test.sh': '#!/bin/sh\ncat a.txt b.txt\n' });
    repository.git('checkout', '--quiet', '-b', 'topic');
    const head = repository.commit('topic', { 'a.txt': 'of the head\n' });
    repository.git('checkout', '--quiet', 'main');
    const base = repository.commit('main', { 'b.txt': 'of the base\n' });
    const made = await mergeCommit(new Mirror(folders.make(), repository.path), { base, head });
    const sha = 'commit' in made ? made.commit : '';
    const change = { ref: 'refs/pull/7/head', sha, merge: { base, head } };
    const { outcome, log } = await run(repository, change);
    expect(outcome.status).to.equal('success');
    expect(log).to.include('\nof the head\nof the base\n');
    const merged = `refs/pull/7/head, ${head.slice(0, 12)}, merged into ${base.slice(0, 12)}`;
    expect(log).to.include(`[volt] checking out ${sha.slice(0, 12)} of app (${merged})\n`);
    const other = await run(repository, { ...change, sha: base.replace(/^./, (digit) => (digit === 'f' ? '0' : 'f')) });
    expect(other.outcome).to.include({ status: 'error', reason: 'checkout_failed' });
    expect(other.outcome.message).to.include('same version of git');
  });

  it('runs the command that it is given instead of the tests that it would discover', async () => {
    const { outcome, log } = await run(repositoryOf({ 'test.sh': '#!/bin/sh\nexit 1\n' }), command('echo mine'));
    expect(outcome.status).to.equal('success');
    expect(log).to.include('[volt] $ echo mine\nmine\n').and.not.include('test.sh');
  });

  it('takes no report that the commit brings along for its own, unless it writes it again', async () => {
    const report = (name: string) => `<testsuite name="s"><testcase name="${name}"/></testsuite>`;
    const write = `echo '${report('written again')}' > b.xml`;
    const repository = repositoryOf({
      'test.sh': `#!/bin/sh\n${write}\n`,
      'a.xml': report('old'),
      'b.xml': report('older'),
    });
    const { log, tests } = await run(repository, {
      repo: { name: 'app', url: repository.path, reports: ['*.xml'] },
    });
    expect(
      tests?.results.map(({ name }) => name),
      log,
    ).to.deep.equal(['written again']);
  });

  it('is a failure of the commit when a command exits with another code than 0', async () => {
    const { outcome, steps, log } = await run(
      repositoryOf({ 'test.sh': '#!/bin/sh\nprintf "no end of line"; exit 7\n' }),
    );
    expect(outcome).to.deep.equal({
      status: 'failure',
      reason: 'exit_code',
      message: '"./test.sh" exited with code 7',
      exitCode: 7,
    });
    expect(short(steps).at(-1)).to.deep.equal(['test', 'failure', 7]);
    expect(log).to.match(/\nno end of line\n\[volt\] "\.\/test\.sh" exited with code 7\n$/);
  });

  it('is a failure of the commit when a signal ends a command', async () => {
    const { outcome, steps } = await run(repositoryOf({ a: '' }), command('kill -SEGV $$'));
    expect(outcome).to.include({ status: 'failure', reason: 'signal', exitCode: null });
    expect(outcome.message).to.include('SIGSEGV');
    expect(short(steps).at(-1)).to.deep.equal(['test', 'failure', null]);
  });

  it('is an error if its command passes without a test', async () => {
    const script = '#!/bin/sh\necho; echo "Ran 0 tests in 0.000s"; echo; echo OK\n';
    const { outcome, steps, log } = await run(repositoryOf({ 'test.sh': script }));
    expect(outcome).to.include({ status: 'error', reason: 'no_tests_found', exitCode: 0 });
    expect(short(steps).at(-1)).to.deep.equal(['test', 'error', 0]);
    expect(log).to.match(/\nOK\n\[volt\] 0 tests ran according to unittest\. .*\n$/);
  });

  it('names the signal that ended a program of its command', async () => {
    const { outcome, steps } = await run(repositoryOf({ a: '' }), command('sh -c "kill -SEGV \\$\\$"; exit $?'));
    expect(outcome).to.include({ status: 'failure', reason: 'signal', exitCode: 139 });
    expect(outcome.message).to.match(/exited with code 139: a process was ended by SIGSEGV \(/);
    expect(short(steps).at(-1)).to.deep.equal(['test', 'failure', 139]);
  });

  it('does not run tests if the installation fails', async () => {
    const files = {
      'package.json': '{"scripts":{"test":"echo tested"},"dependencies":{"nowhere":"file:./nowhere.tgz"}}',
    };
    const { outcome, steps, log } = await run(repositoryOf(files));
    expect(outcome).to.include({ status: 'failure', reason: 'exit_code' });
    expect(steps.map(({ name }) => name)).to.deep.equal(['checkout', 'install']);
    expect(log).to.not.include('tested');
  });

  it('is an error if the registry of its packages cannot be reached', async () => {
    const files = {
      'package.json': '{"scripts":{"test":"echo tested"},"dependencies":{"ms":"2.1.3"}}',
      '.npmrc': 'registry=http://127.0.0.1:9/\nfetch-retries=0\n',
    };
    const { outcome, steps, log } = await run(repositoryOf(files));
    expect(outcome).to.include({ status: 'error', reason: 'dependencies_failed', exitCode: 1 });
    expect(outcome.message).to.match(/exited with code 1: npm cannot reach the registry \(ECONNREFUSED\)\. Check /);
    expect(short(steps).at(-1)).to.deep.equal(['install', 'error', 1]);
    expect(log).to.not.include('tested');
  });

  it('reports that there are no tests, and what Volt looks for', async () => {
    const { outcome, steps } = await run(repositoryOf({ 'README.md': '' }));
    expect(outcome).to.include({ status: 'error', reason: 'no_tests_found' });
    expect(outcome.message).to.include('Node, Bun').and.include('--command');
    expect(short(steps)).to.deep.equal([['checkout', 'success', null]]);
  });

  it('is an error of Volt when the repository cannot be fetched', async () => {
    const { outcome, steps, log } = await run(repositoryOf({ a: '' }), { repo: { name: 'app', url: '/nowhere/app' } });
    expect(outcome).to.include({ status: 'error', reason: 'fetch_failed', exitCode: null });
    expect(outcome.message).to.include('/nowhere/app');
    expect(short(steps)).to.deep.equal([['checkout', 'error', null]]);
    expect(log).to.include(`[volt] ${outcome.message}\n`);
  });

  it('says whether another attempt may end in another way without doing anything twice', async () => {
    const nobody = 'http://127.0.0.1:1/app.git';
    for (const [what, { outcome, begun }, may] of [
      ['no answer', await run(repositoryOf({ a: '' }), { repo: { name: 'app', url: nobody } }), true],
      ['no such repository', await run(repositoryOf({ a: '' }), { repo: { name: 'app', url: '/nowhere/app' } }), false],
      ['a commit that may be on its way there', await run(repositoryOf({ a: '' }), { sha: 'd'.repeat(40) }), true],
      ['no tests', await run(repositoryOf({ 'README.md': '' })), false],
      ['a test that fails', await run(repositoryOf({ a: '' }), command('false')), false],
      ['no folder to run in', await run(repositoryOf({ a: '' }), command('rm -rf "$PWD"; exit 1')), false],
    ] as const)
      expect(mayBeRepeated(outcome, begun), `${what}: ${outcome.message}`).to.equal(may);
  });

  it('is an error of Volt if the commit no longer exists', async () => {
    const { outcome } = await run(repositoryOf({ a: '' }), { sha: 'd'.repeat(40) });
    expect(outcome).to.include({ status: 'error', reason: 'fetch_failed' });
  });

  it('is an error of Volt when the commit cannot be checked out', async () => {
    const repository = repositoryOf({ a: '' });
    const folder = join(repository.path, 'a', 'job');
    const { outcome } = await run(repository, {}, { folder });
    expect(outcome).to.include({ status: 'error', reason: 'checkout_failed' });
  });

  it('is an error of Volt when its commands cannot be started in its workspace', async () => {
    const folder = join(folders.make(), 'job');
    const workspace = join(folder, 'workspace');
    const loseWorkspace = (steps: Step[]) => {
      if (steps[0]?.status === 'success') rmSync(workspace, { recursive: true, force: true });
    };
    const around = { folder, progress: loseWorkspace };
    const { outcome, steps } = await run(repositoryOf({ a: '' }), command('true'), around);
    expect(outcome).to.include({ status: 'error', reason: 'spawn_failed', exitCode: null });
    expect(outcome.message).to.include('was not started').and.include(workspace);
    expect(short(steps).at(-1)).to.deep.equal(['test', 'error', null]);
  });

  it('is an error of Volt if no program can start', async () => {
    const processes = Promise.reject(new Error('no more processes'));
    processes.catch(() => undefined);
    const { outcome } = await run(repositoryOf({ a: '' }), command('true'), { processes });
    expect(outcome).to.deep.include({ status: 'error', reason: 'spawn_failed', message: 'no more processes' });
  });

  it('fails with a message of limited length; the log has the whole command', async () => {
    const long = `exit 3 # ${'x'.repeat(50_000)}`;
    const { outcome, log } = await run(repositoryOf({ a: '' }), command(long));
    expect(outcome).to.include({ status: 'failure', reason: 'exit_code', exitCode: 3 });
    expect(outcome.message?.length).to.be.below(10_000);
    expect(outcome.message)
      .to.match(/^"exit 3 #/)
      .and.match(/exited with code 3$/);
    expect(log).to.include(long);
  });

  describe('that is ended from outside', () => {
    let silent: Server;

    before(async () => {
      silent = createServer((socket) => void socket.resume());
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    });

    after(() => new Promise((resolve) => silent.close(resolve)));

    it('during the checkout ends at once, with the given reason', async () => {
      const { port } = silent.address() as { port: number };
      const connected = new Promise((resolve) => silent.once('connection', resolve));
      const job = start(repositoryOf({ a: '' }), { repo: { name: 'app', url: `git://127.0.0.1:${port}/app` } });
      await connected;
      job.stop.abort(cancelled('enough of it'));
      const { outcome, steps } = await job.ended;
      expect(outcome).to.deep.equal({
        status: 'cancelled',
        reason: 'by_user',
        message: 'enough of it',
        exitCode: null,
      });
      expect(short(steps)).to.deep.equal([['checkout', 'cancelled', null]]);
    });

    it('by its time limit during the checkout is an error of Volt', async () => {
      const { port } = silent.address() as { port: number };
      const connected = new Promise((resolve) => silent.once('connection', resolve));
      const job = start(repositoryOf({ a: '' }), { repo: { name: 'app', url: `git://127.0.0.1:${port}/app` } });
      await connected;
      job.stop.abort(timedOut(2));
      const { outcome, steps } = await job.ended;
      expect(outcome).to.include({ status: 'error', reason: 'checkout_failed', exitCode: null });
      expect(outcome.message).to.include('2 min');
      expect(short(steps)).to.deep.equal([['checkout', 'error', null]]);
    });

    it('during a command ends the command, with the given reason', async () => {
      const sleep = longSleep();
      const job = start(repositoryOf({ a: '' }), command(`sleep ${sleep}`));
      await until('it sleeps', () => processesWith(sleep).length > 0);
      job.stop.abort(timedOut(0.5));
      const { outcome, steps } = await job.ended;
      expect(outcome).to.deep.equal({
        status: 'failure',
        reason: 'timeout',
        message: 'ran longer than 30 s',
        exitCode: null,
      });
      expect(short(steps).at(-1)).to.deep.equal(['test', 'failure', null]);
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('is no success though its command exits with 0 on SIGTERM', async () => {
      const job = start(
        repositoryOf({ a: '' }),
        command('trap "exit 0" TERM; echo ready; while :; do sleep 0.01; done'),
      );
      await until('it is ready', () => job.log().includes('\nready\n'));
      job.stop.abort(cancelled('enough'));
      expect((await job.ended).outcome).to.include({ status: 'cancelled' });
    });

    it('keeps the first reason', async () => {
      const job = start(repositoryOf({ a: '' }), command('echo ready; while :; do sleep 0.01; done'));
      await until('it is ready', () => job.log().includes('\nready\n'));
      job.stop.abort(cancelled('the first'));
      job.stop.abort(timedOut(1));
      expect((await job.ended).outcome).to.include({ message: 'the first' });
    });

    it('before it began runs nothing', async () => {
      const stop = new AbortController();
      stop.abort(cancelled('never mind'));
      const { outcome, steps, workspace } = await run(repositoryOf({ a: '' }), command('true'), {
        signal: stop.signal,
      });
      expect(outcome).to.include({ status: 'cancelled', message: 'never mind' });
      expect(steps).to.deep.equal([]);
      expect(existsSync(workspace)).to.equal(false);
    });
  });

  it('runs its commands in the checkout, with a clean environment', async () => {
    const secrets = { VOLT_REDIS_URL: 'redis://:secret@box', VOLT_TOKEN: 'secret-secret-secret', MY_TOKEN: 'secret' };
    Object.assign(process.env, secrets);
    const job = start(repositoryOf({ 'a.txt': '' }), command('pwd; ls; env'));
    for (const name of Object.keys(secrets)) delete process.env[name];
    await job.ended;
    const said = job.log().split('[volt] $ pwd; ls; env\n')[1] ?? '';
    expect(said.startsWith(`${job.workspace}\na.txt\n`)).to.equal(true);
    expect(said).to.include(`PWD=${job.workspace}\n`).and.include('CI=true\n');
    expect(said)
      .to.not.include('secret')
      .and.not.match(/^VOLT_/m);
  });

  it('shows the commit, the branch and nothing of Volt to git', async () => {
    const repository = repositoryOf({ a: '' });
    const script = 'git rev-parse HEAD; git branch --show-current; git status --porcelain';
    const { log } = await run(repository, command(script));
    expect(log).to.include(`\n${repository.head()}\nmain\n`);
  });

  it('logs the output of a command byte for byte', async () => {
    const repository = repositoryOf({ a: '' });
    const chunks: Buffer[] = [];
    await run(repository, command("printf '\\000\\377\\r\\033[1m\\n'"), {
      output: (chunk) => void chunks.push(Buffer.from(chunk)),
    });
    expect(Buffer.concat(chunks).includes(Buffer.from([0, 255, 13, 27, 91, 49, 109, 10]))).to.equal(true);
  });

  it('keeps what its commands write in the workspace, and nothing in the mirror', async () => {
    const repository = repositoryOf({ a: '' });
    const { workspace } = await run(repository, command('echo made > made.txt'));
    expect(readFileSync(join(workspace, 'made.txt'), 'utf8')).to.equal('made\n');
    expect(readdirSync(mirrors, { recursive: true })).to.not.include('made.txt');
  });

  describe('with secrets', () => {
    const secrets = (values: Record<string, string>, withheld: string | null = null) => ({
      secrets: async () => ({ values, withheld }),
    });

    it('passes them to its commands, and masks them in its log also across chunks', async () => {
      const script = 'printf "%s" "${TOKEN%word}"; sleep 0.2; echo word; printf %s "$TOKEN" | base64; echo end';
      const { log, outcome } = await run(
        repositoryOf({ a: '' }),
        command(script),
        secrets({ TOKEN: 'canary-pass-word' }),
      );
      expect(outcome.status).to.equal('success');
      expect(log)
        .to.match(/\*\*\*\n\*\*\*.{0,3}\nend\n/)
        .and.not.include('canary')
        .and.not.include('word\n*');
    });

    it('shows text that only looked like the beginning of one', async () => {
      const { log } = await run(
        repositoryOf({ a: '' }),
        command('printf canary-pass'),
        secrets({ T: 'canary-password' }),
      );
      expect(log).to.match(/canary-pass\n\[volt\] found no test results/);
    });

    it('masks them in the error message', async () => {
      const { outcome, log } = await run(
        repositoryOf({ a: '' }),
        command('exit 3 # canary-word'),
        secrets({ TOKEN: 'canary-word' }),
      );
      expect(outcome.message).to.include('exit 3 # ***');
      expect(log).to.not.include('canary');
    });

    it('logs why it gets none', async () => {
      const { log } = await run(repositoryOf({ a: '' }), command('true'), secrets({}, 'the ref is not trusted'));
      expect(log).to.include('no secrets are given: the ref is not trusted');
    });

    it('ends as an error of Volt when they cannot be had, before any command', async () => {
      const why = { status: 'error', reason: 'secrets_unavailable', message: 'no dispatcher', exitCode: null } as const;
      const { outcome, log } = await run(repositoryOf({ a: '' }), command('echo begun'), {
        secrets: () => Promise.reject(new JobAborted(why)),
      });
      expect(outcome).to.deep.equal(why);
      expect(log).to.include('no dispatcher').and.not.include('begun\n');
    });

    it("asks for the repository's credential only if something has to be fetched", async () => {
      const repository = repositoryOf({ a: '' });
      let asked = 0;
      const credential = async () => {
        asked++;
        return undefined;
      };
      await run(repository, command('true'), { credential });
      const first = asked;
      expect(first).to.be.greaterThan(0);
      await run(repository, command('true'), { credential });
      expect(asked).to.equal(first);
      repository.commit('more', { b: '' });
      const why = { status: 'error', reason: 'secrets_unavailable', message: 'no dispatcher', exitCode: null } as const;
      const { outcome } = await run(repository, command('true'), {
        credential: () => Promise.reject(new JobAborted(why)),
      });
      expect(outcome).to.deep.equal(why);
    });
  });
});
