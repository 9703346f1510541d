import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder, VoltProcess, volt } from '../support/cli.ts';
import { freePort } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('volt up', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let data: string[];
  const processes: VoltProcess[] = [];
  /** for jobs that leave a mark outside of their own folders */
  const open = { VOLT_ISOLATION: 'none' };
  const repositories: TestRepository[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
    data = ['--data', join(folder.path, 'data')];
  });

  afterEach(async () => {
    for (const process of processes.splice(0)) await process.stop();
    for (const repository of repositories.splice(0)) repository.remove();
    await folder.remove();
  });

  function up(...args: string[]): VoltProcess {
    return upWith({}, ...args);
  }

  function upWith(env: Record<string, string>, ...args: string[]): VoltProcess {
    const process = new VoltProcess(['up', ...data, '--port', '0', ...args], { env });
    processes.push(process);
    return process;
  }

  function repository(files: Record<string, string>, name?: string): TestRepository {
    const made = new TestRepository(files, name === undefined ? {} : { name });
    repositories.push(made);
    return made;
  }

  /** A search path on which the program that makes sandboxes fails, as where namespaces are forbidden. */
  function withBrokenSandbox(): string {
    writeFileSync(
      join(folder.path, 'bwrap'),
      '#!/bin/sh\necho "No permissions to create new namespace" >&2; exit 1\n',
      {
        mode: 0o755,
      },
    );
    return `${folder.path}:${process.env.PATH}`;
  }

  /** Resolves when the Redis of the data directory is gone. */
  async function redisEnded(): Promise<void> {
    await until('the Redis of volt up has ended', () => !existsSync(join(folder.path, 'data/redis/redis.pid')));
  }

  it('with --sample --once creates a repository, shows its log and verdict, and exits 0', async () => {
    const end = await up('--sample', '--once').ended();
    expect(end.stderr).to.equal('');
    expect(end.code).to.equal(0);
    expect(end.stdout).to.match(/dashboard +http:\/\/127\.0\.0\.1:\d+\n/);
    expect(end.stdout).to.match(/sign in +http:\/\/[0-9a-f]{32}\.localhost:\d+\/sign-in\n/);
    expect(end.stdout).to.match(/behind a proxy, set VOLT_URL/);
    expect(end.stdout).to.match(/watching +sample \(.*\)\n/);
    expect(end.stdout).to.match(/▶ sample#1 main [0-9a-f]{7} "Add numbers".*\n( {2}│ .*\n)*.*adds two numbers/);
    expect(end.stdout).to.match(/\n✔ sample#1 main [0-9a-f]{7} passed in \S+ s\n$/);
    const results = readdirSync(join(folder.path, 'data/test_results/sample'));
    expect(results.map((name) => name.replace(/^[0-9a-f]{40}/, 'sha')).sort()).to.deep.equal(['sha.json', 'sha.log']);
    await redisEnded();

    const again = await up('--sample', '--once').ended();
    expect(again.code).to.equal(0);
    expect(again.stdout)
      .to.contain('✔ sample#1')
      .and.match(/built earlier\n$/)
      .and.not.contain('#2');
  });

  it('prints the next steps after the first result of the sample', async () => {
    const process = up('--sample');
    await process.says(/npm start -- --repo <path or URL>/);
    expect(process.stdout).to.match(/✔ sample#1[\s\S]*\n {2}cd (.*)\n {2}echo .*\n {2}git commit .*\n/);
  });

  it('with --sample-if-none creates the sample only if there is no other repository', async () => {
    const first = await up('--sample-if-none', '--once').ended();
    expect(first.stdout).to.match(/✔ sample#1 .* passed/);
    const own = repository({ 'test.sh': '#!/bin/sh\n' }, 'own');
    await up('--once', '--repo', own.path).ended();
    const other = await temporaryFolder();
    const only = ['up', '--data', other.path, '--port', '0', '--once'];
    await volt([...only, '--repo', own.path]);
    const later = await volt([...only, '--sample-if-none']);
    expect(later.code).to.equal(0);
    expect(later.stdout).to.contain('watching   own').and.not.contain('sample');
    expect(existsSync(join(other.path, 'sample'))).to.equal(false);
    await other.remove();
  });

  it('prints the greeting first, then the verdicts of builds from before the start', async () => {
    const marker = join(folder.path, 'second');
    const slow = repository({
      'test.sh': `#!/bin/sh\n[ -e ${marker} ] || { touch ${marker}; echo begun; sleep 60; }\n`,
    });
    const process = upWith(open, '--repo', slow.path);
    await process.says(/│ begun/);
    process.signal('SIGKILL');
    await process.ended();
    await redisEnded();
    const again = upWith(open, '--once');
    const { stdout, code } = await again.ended();
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Volt \d[\s\S]*dashboard[\s\S]*press Ctrl-C to stop\n[\s\S]*✔ sample#1 /);
    expect(stdout.match(/^[▶✔] sample#1/gm)).to.have.length(2);
  });

  it('with --once exits 1 if a build failed, and 3 if a build has an error', async () => {
    const bad = repository({ 'test.sh': '#!/bin/sh\nexit 7\n' }, 'bad');
    const good = repository({ 'test.sh': '#!/bin/sh\n' }, 'good');
    const first = await up('--once', '--repo', bad.path, '--repo', `fine=${good.path}`).ended();
    expect(first.code).to.equal(1);
    expect(first.stdout)
      .to.match(/✘ bad#1 main .* failed in .* \(".*" exited with code 7\)/)
      .and.match(/✔ fine#1 main .* passed/);
    const empty = repository({ README: 'no tests\n' }, 'empty');
    const second = await up('--once', '--repo', empty.path).ended();
    expect(second.code).to.equal(3);
    expect(second.stdout).to.match(/! empty#1 main .* error .*\([^_]*\)\n/);
  });

  it('with --once repeats the verdict of the same command, and never of another command', async () => {
    const sample = repository({ 'test.sh': '#!/bin/sh\n' });
    const once = (...more: string[]) => up('--once', '--repo', sample.path, ...more).ended();
    expect(await once()).to.include({ code: 0 });
    const again = await once();
    expect(again.stdout).to.match(/✔ sample#1 main .* passed .*built earlier/);
    const other = await once('--command', 'exit 3');
    expect(other.code).to.equal(1);
    expect(other.stdout)
      .to.match(/✘ sample#2 main .* failed/)
      .and.not.contain('built before');
    const back = await once();
    expect(back.code).to.equal(0);
    expect(back.stdout)
      .to.match(/✔ sample#3 main .* passed/)
      .and.not.contain('built before');
  });

  it('gives the images of --image to its runner, not to the repositories', async () => {
    const { path } = repository({ 'test.sh': '#!/bin/sh\necho passed\n' });
    const end = await up('--repo', `app=${path}`, '--image', 'ubuntu-latest=tiny:1', '--once').ended();
    expect(end.stderr).to.equal('');
    expect(end.stdout).to.match(/✔ app#1 /);
  });

  it('with --once exits 3 if a repository cannot be polled', async () => {
    const url = `http://127.0.0.1:${await freePort()}/x.git`;
    const end = await up('--once', '--repo', `broken=${url}`).ended();
    expect(end.code).to.equal(3);
    expect(end.stdout).to.match(/! cannot poll broken: fetch_failed: .*\n {4}\S/);
  });

  it('refuses a folder that is not a repository, and leaves no process running', async () => {
    const end = await up('--repo', join(folder.path, 'nothing')).ended();
    expect(end.code).to.equal(2);
    expect(end.stderr).to.match(/^error no_repository: there is no folder .*nothing\n/m);
    await redisEnded();
  });

  it('refuses an isolation that does not work on this machine with a remedy, and leaves no process running', async () => {
    const env = { VOLT_ISOLATION: 'sandbox', PATH: withBrokenSandbox() };
    const end = await volt(['up', ...data, '--port', '0'], { env });
    expect(end.code).to.equal(3);
    expect(end.stderr).to.match(
      /^error isolation_unavailable: isolation "sandbox" does not work .*\n {2}Install bubblewrap/,
    );
    await redisEnded();
  });

  it('runs jobs without a sandbox on a machine where none works, and explains the risk', async () => {
    const { path } = repository({ 'test.sh': 'exit 0\n' });
    const args = ['up', ...data, '--port', '0', '--once', '--command', 'sh test.sh', '--repo', path];
    const { stdout } = await volt(args, { env: { PATH: withBrokenSandbox() } });
    expect(stdout)
      .to.match(/isolation +none: jobs run with this user's rights/)
      .and.include('no sandbox works here');
  });

  it('runs jobs without a sandbox with --isolation none, despite the settings', async () => {
    const { path } = repository({ 'test.sh': 'exit 0\n' });
    const args = ['up', ...data, '--port', '0', '--once', '--isolation', 'none', '--command', 'sh test.sh'];
    const { code, stdout } = await volt([...args, '--repo', path], { env: { VOLT_ISOLATION: 'sandbox' } });
    expect(code).to.equal(0);
    expect(stdout).to.match(/isolation +none: jobs run with this user's rights/);
  });

  it('reports if system calls are not filtered', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    // like setpriv of an older util-linux; the sandbox would hide it
    const own = join(folder.path, 'bin');
    mkdirSync(own);
    const real = execFileSync('sh', ['-c', 'command -v setpriv'], { encoding: 'utf8' }).trim();
    const old = `case "$*" in *--seccomp*) echo "setpriv: unrecognized option '--seccomp-filter'" >&2; exit 1;; esac`;
    writeFileSync(join(own, 'setpriv'), `#!/bin/sh\n${old}\nexec ${real} "$@"\n`, { mode: 0o755 });
    chmodSync(folder.path, 0o755);
    const started = upWith({ VOLT_ISOLATION: 'user', PATH: `${own}:${process.env.PATH}` });
    await started.says(/Ctrl-C/);
    expect(started.stdout).to.match(/isolation +user: .*\n +system calls are not filtered/);
  });

  it('refuses a data directory that another volt up uses', async () => {
    const first = up();
    await first.says(/Ctrl-C/);
    const second = await up().ended();
    expect(second.code).to.equal(3);
    expect(second.stderr).to.contain('error data_locked: ').and.contain(`volt up, process ${first.child.pid}`);
    expect(await first.stop()).to.include({ code: 0 });
  });

  it('names a port in use, and stops the parts that have started', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await until('the server listens', () => taken.listening);
    const { port } = taken.address() as { port: number };
    const end = await up('--port', String(port)).ended();
    taken.close();
    expect(end.code).to.equal(3);
    expect(end.stderr).to.contain(`error port_in_use: `).and.contain(String(port));
    await redisEnded();
  });

  it('prints one line at the start and one at the end of later builds', async () => {
    const sample = repository({ 'test.sh': '#!/bin/sh\necho text of the log\n' });
    const process = up('--repo', sample.path, '--poll', '1');
    await process.says(/✔ sample#1 .*\n/);
    const sha = sample.commit('second');
    await process.says(new RegExp(`✔ sample#2 main ${sha.slice(0, 7)} passed in .*\\n`));
    expect(process.stdout.match(/text of the log/g)).to.have.length(1);
  });

  it('prints each verdict of a retried build, also if it has printed its log', async () => {
    const sample = repository({ 'test.sh': '#!/bin/sh\nexit 1\n' });
    const process = up('--repo', sample.path);
    await process.says(/✘ sample#1 .*\n/);
    for (const times of [2, 3]) {
      expect(await volt(['retry', 'sample', ...data])).to.include({ code: 0 });
      await process.says(new RegExp(`(✘ sample#1 [\\s\\S]*){${times}}`));
    }
  });

  it('stops in order at the first signal and keeps the result of a job that ends in time', async () => {
    const marker = join(folder.path, 'go');
    const slow = repository({ 'test.sh': `#!/bin/sh\necho begun\nuntil [ -e ${marker} ]; do sleep 0.1; done\n` });
    const process = upWith(open, '--repo', slow.path);
    await process.says(/│ begun/);
    process.signal('SIGINT');
    // npm passes a signal on that its child has got already: the echo is not a second wish
    process.signal('SIGINT');
    await process.says(/stopping: /);
    writeFileSync(marker, '');
    const end = await process.ended();
    expect(end.code).to.equal(0);
    expect(end.stdout).to.match(/stopping: [\s\S]*✔ sample#1 .* passed.*\nstopped; no build was left unfinished\n$/);
    await redisEnded();
  });

  it('hands running jobs back at the second signal, and runs them at the next start', async () => {
    const marker = join(folder.path, 'second');
    const slow = repository({
      'test.sh': `#!/bin/sh\necho begun\n[ -e ${marker} ] || { touch ${marker}; sleep 60; }\n`,
    });
    const process = upWith(open, '--repo', slow.path);
    await process.says(/│ begun/);
    process.signal('SIGINT');
    await process.says(/stopping/);
    // another signal is no echo of the first, however soon it comes
    process.signal('SIGTERM');
    const end = await process.ended();
    expect(end.code).to.equal(0);
    expect(end.stdout)
      .to.contain('handing back the running jobs')
      .and.match(/\nstopped; the next start continues sample#1\n$/);
    const again = await upWith(open, '--once', '--repo', slow.path).ended();
    expect(again.code).to.equal(0);
    expect(again.stdout).to.match(/✔ sample#1 .* passed/);
  });

  it('serves the commands of its data directory', async () => {
    const sample = repository({ 'test.sh': '#!/bin/sh\nprintf "a\\\\000b\\\\377c"\nsleep 1\n' });
    const process = up('--repo', sample.path, '--poll', '1');
    await process.says(/✔ sample#1 .*\n/);
    const builds = await volt(['builds', ...data]);
    expect(builds.stdout).to.match(/^ +BUILD +STATUS .*\n✔ +sample#1 +passed +main +[0-9a-f]{7} .* first\n$/);
    const [listed] = JSON.parse((await volt(['builds', '--json', ...data])).stdout).builds;
    expect(listed).to.include({ repo: 'sample', number: 1, status: 'success' });
    for (const name of [listed.id, 'sample#1', 'sample']) {
      const show = await volt(['show', name, ...data]);
      expect(show.stdout, name)
        .to.match(/^✔ sample#1 main .* passed/)
        .and.contain(sample.head())
        .and.match(/✔ test passed/);
    }
    // its heartbeat says so within a second
    const runners = async () => (await volt(['runners', ...data])).stdout;
    await until('the runner is idle', async () => /^RUNNER .*\n\S+ .* 0\/\d/.test(await runners()));
    expect(await volt(['status', ...data])).to.include({ code: 0 });
    expect(await volt(['show', 'sample#9', ...data])).to.include({ code: 2 });
    expect(await volt(['logs', 'sample', 'nope', ...data])).to.include({ code: 2 });
    expect((await volt(['logs', 'sample', 'test', ...data])).stdout)
      .to.contain('a\0b')
      .and.contain('[volt] ');

    sample.commit('fails', { 'test.sh': '#!/bin/sh\necho on its way\nsleep 1\nexit 4\n' });
    const failing = await volt(['trigger', 'sample', '--wait', ...data]);
    expect(failing.code).to.equal(1);
    expect(failing.stdout).to.match(/on its way\n[\s\S]*✘ sample#\d main .* failed .*exited with code 4\)/);

    expect((await volt(['retry', 'sample', 'test', '--failed', ...data])).stderr).to.contain('error usage: --failed');
    const retried = await volt(['retry', 'sample', '--failed', '--wait', ...data]);
    expect(retried.code).to.equal(1);
    expect(retried.stdout).to.match(/on its way\n[\s\S]*✘ sample#\d main .* failed .*exited with code 4\)/);
    expect((await volt(['show', 'sample', ...data])).stdout).to.match(/attempt 1 .*\n.*attempt 2 /);
    await process.says(/(✘ sample#(\d) [\s\S]*){2}/);

    sample.commit('slow', { 'test.sh': '#!/bin/sh\nsleep 60\n' });
    await process.says(/▶ .*"slow"/);
    const cancelled = await volt(['cancel', 'sample', ...data]);
    expect(cancelled).to.include({ code: 0 });
    expect(cancelled.stdout).to.match(/^sample#\d: cancelled\n$/);
    const again = await volt(['retry', 'sample', ...data]);
    expect(again.stdout).to.match(/^sample#\d runs again\n$/);
    const refused = await volt(['retry', 'sample', ...data]);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/^error conflict: build \d+ is still open: test \w+\n {2}Wait until it ends/);
    const missing = await volt(['trigger', 'sample', 'no-such-branch', ...data]);
    expect(missing.code).to.equal(2);
    expect(missing.stderr).to.contain('error commit_missing: there is no branch, tag or commit "no-such-branch"');
  });

  it('keeps its token and the address of its Redis to its user', async () => {
    const process = up();
    await process.says(/Ctrl-C/);
    const dir = join(folder.path, 'data');
    expect(readFileSync(join(dir, 'redis/url'), 'utf8')).to.match(/^redis\+unix:\/\/:[0-9a-f]{48}@.*\/redis\.sock\n$/);
    expect(process.stdout)
      .to.contain(join(dir, 'token'))
      .and.not.contain(readFileSync(join(dir, 'token'), 'utf8').trim());
  });
});
