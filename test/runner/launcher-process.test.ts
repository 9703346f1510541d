import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CommandOptions, runCommand } from '../../src/exec/command.ts';
import { type GroupKind, ProcessGroup } from '../../src/exec/process-group.ts';
import { type GitOptions, git } from '../../src/git/command/git.ts';
import { systemCode } from '../../src/kernel/errors.ts';
import { type JobLauncher, LauncherProcess } from '../../src/runner/launcher/launcher-process.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { groupKinds, isPossible } from '../support/group-kinds.ts';
import { launchers } from '../support/launcher-processes.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

describe('the launcher', () => {
  const folders = new TestFolders();
  let launcherProcess: LauncherProcess;
  /** those of the job that was begun last */
  let launcher: JobLauncher;

  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  beforeEach(async () => {
    launcherProcess = new LauncherProcess();
    await until('it starts what one job after the other needs', async () => (await parent()) === launchers()[0]);
  });

  afterEach(async () => {
    await launcherProcess.close();
    await until('it has ended', () => launchers().length === 0);
  });

  after(folders.remove);

  /** The process that has started the command of a new job. */
  async function parent(): Promise<number> {
    const processes = await open();
    try {
      return Number((await run(processes, 'echo $PPID')).said);
    } finally {
      await processes.close();
    }
  }

  function open(groupKind: GroupKind = 'group'): Promise<ProcessGroup> {
    launcher = launcherProcess.forJob();
    return ProcessGroup.open(3600, groupKind, { launcher });
  }

  async function run(processes: ProcessGroup, script: string, options: Partial<CommandOptions> = {}) {
    let said = '';
    const end = await runCommand({
      processes,
      argv: ['sh', '-c', script],
      cwd: '/',
      env: jobEnvironment(),
      output: (chunk) => {
        said += chunk;
      },
      signal: new AbortController().signal,
      ...options,
    });
    return { ...end, said };
  }

  it('is not started for a single job', async () => {
    await launcherProcess.close();
    await until('it has ended', () => launchers().length === 0);
    launcherProcess = new LauncherProcess();
    expect(await parent()).to.equal(process.pid);
    expect(launchers()).to.have.length(0);
  });

  for (const groupKind of groupKinds) {
    it(`starts the commands of a ${groupKind}, with the same output and end as without it`, async function () {
      if (!(await isPossible(groupKind))) this.skip();
      const processes = await open(groupKind);
      try {
        expect(await run(processes, 'echo out; echo err >&2; exit 3')).to.deep.equal({
          ...{ exitCode: 3, signal: null },
          said: 'out\nerr\n',
        });
        expect(await run(processes, 'kill -KILL $$')).to.include({ exitCode: null, signal: 'SIGKILL' });
        const stop = new AbortController();
        const sleep = longSleep();
        const ended = run(processes, `exec sleep ${sleep}`, { signal: stop.signal });
        await until('it sleeps', () => processesWith(sleep).length > 0);
        stop.abort();
        expect(await ended).to.include({ exitCode: null, signal: 'SIGTERM' });
      } finally {
        await processes.close();
      }
    });
  }

  it('ends the programs in a process group when the group is closed', async () => {
    const processes = await open();
    const sleep = longSleep();
    await run(processes, `sleep ${sleep} >/dev/null 2>&1 &`);
    expect(processesWith(sleep)).to.have.length(1);
    await processes.close();
    expect(processes.expired).to.equal(false);
    await until('it is gone', () => processesWith(sleep).length === 0);
  });

  it('reports a program that cannot start with the same error as without it', async () => {
    const processes = await open();
    try {
      await failure('spawn_failed', () => run(processes, 'true', { cwd: '/nowhere' }));
      const error = await run(processes, '', { argv: ['echo', 'x'.repeat(200_000)] }).catch((reason) => reason);
      expect(systemCode(error)).to.equal('E2BIG');
    } finally {
      await processes.close();
    }
  });

  it('ignores SIGTERM, which its parent handles', async () => {
    const processes = await open();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(launchers()[0] as number, signal);
    expect(await run(processes, 'exit 4')).to.include({ exitCode: 4 });
    await processes.close();
  });

  it('ends all its programs when it is killed, and a new one starts the next ones', async () => {
    const processes = await open();
    const sleep = longSleep();
    const ended = failure('spawn_failed', () => run(processes, `sleep ${sleep}`));
    await until('it sleeps', () => processesWith(sleep).length > 0);
    expect(launcher.lost.aborted).to.equal(false);
    process.kill(launchers()[0] as number, 'SIGKILL');
    expect((await ended).message).to.include('has ended');
    expect(launcher.lost.aborted).to.equal(true);
    await processes.ended;
    await until('it is gone', () => processesWith(sleep).length === 0);
    await processes.close();
    expect(processes.expired).to.equal(true);
    const next = await open();
    expect(await run(next, 'exit 5')).to.include({ exitCode: 5 });
    await next.close();
    await until('another one is there', async () => (await parent()) === launchers()[0]);
  });

  it('that hangs lets no process outlive its lease, and does not block the closing of a process group', async () => {
    const processes = await ProcessGroup.open(2, 'group', { launcher });
    const sleep = longSleep();
    const ended = run(processes, `sleep ${sleep}`).catch(() => undefined);
    await until('it sleeps', () => processesWith(sleep).length > 0);
    process.kill(launchers()[0] as number, 'SIGSTOP');
    await until('the lease has run out', () => processesWith(sleep).length === 0);
    await processes.close();
    await ended;
  });

  it('removes folders before it ends, and reports why it cannot remove one', async () => {
    const error = await launcherProcess.remove('/proc/self', false).catch((reason) => reason);
    expect(error).to.be.instanceOf(Error);
    const folder = folders.make();
    writeFileSync(join(folder, 'file'), '');
    const removed = launcherProcess.remove(folder, false);
    await launcherProcess.close();
    expect(existsSync(folder)).to.equal(false);
    await removed;
  });

  it('runs git, and passes on its progress and its errors', async () => {
    const repository = new TestRepository({ 'a.txt': 'a' });
    const told: string[] = [];
    const options: GitOptions = { runner: launcher.git, progress: (line) => told.push(line) };
    const folder = folders.make();
    await git(folder, ['init', '--quiet'], options);
    await git(folder, ['fetch', '--progress', '--', `file://${repository.path}`, 'main'], options);
    expect(await git(folder, ['rev-parse', 'FETCH_HEAD'], options)).to.equal(`${repository.head()}\n`);
    expect(told.join()).to.match(/objects: +100%/);
    const { message } = await failure('git_failed', () => git(folder, ['rev-parse', '--verify', 'none'], options));
    expect(message).to.include('Needed a single revision');
  });

  it('ends git when the signal aborts', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await until('it listens', () => silent.listening);
    const { port } = silent.address() as { port: number };
    const stop = new AbortController();
    const asked = new Promise((resolve) => silent.once('connection', resolve));
    const ended = failure('git_failed', () =>
      git('/', ['ls-remote', `git://127.0.0.1:${port}/x`], { runner: launcher.git, signal: stop.signal }),
    );
    await asked;
    stop.abort();
    await ended;
    silent.close();
  });
});
