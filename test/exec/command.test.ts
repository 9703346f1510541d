import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CommandOptions, runCommand } from '../../src/exec/command.ts';
import type { CommandEnd } from '../../src/exec/launcher.ts';
import { ProcessGroup } from '../../src/exec/process-group.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { pause } from '../../src/system/wait.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { groupKinds, isPossible } from '../support/group-kinds.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

// a user namespace is entered in the same way
for (const groupKind of groupKinds.filter((each) => each !== 'user-namespace')) {
  describe(`a command in a ${groupKind}`, () => {
    const folders = new TestFolders();
    let processes: ProcessGroup;

    before(async function () {
      if (!(await isPossible(groupKind))) this.skip();
    });

    beforeEach(async () => {
      processes = await ProcessGroup.open(3600, groupKind);
    });

    afterEach(() => processes.close());

    after(folders.remove);

    /** Starts a shell script. */
    function start(script: string, options: Partial<CommandOptions> = {}) {
      const chunks: Buffer[] = [];
      const stop = new AbortController();
      const ended = runCommand({
        processes,
        argv: ['sh', '-c', script],
        cwd: '/',
        env: jobEnvironment(),
        output: (chunk) => void chunks.push(Buffer.from(chunk)),
        signal: stop.signal,
        ...options,
      });
      return { ended, stop, said: () => Buffer.concat(chunks) };
    }

    async function run(script: string, options: Partial<CommandOptions> = {}): Promise<CommandEnd & { said: Buffer }> {
      const { ended, said } = start(script, options);
      const end = await ended;
      return { ...end, said: said() };
    }

    it('reports its exit code', async () => {
      for (const code of [0, 1, 2, 42, 127, 137, 255]) {
        expect(await run(`exit ${code}`)).to.include({ exitCode: code, signal: null });
      }
    });

    it('reports the signal that ended it', async () => {
      for (const signal of ['TERM', 'KILL', 'INT', 'HUP', 'SEGV', 'ABRT', 'USR1', 'PIPE']) {
        expect(await run(`ulimit -c 0; kill -${signal} $$`), signal).to.include({
          exitCode: null,
          signal: `SIG${signal}`,
        });
      }
    });

    it('gets variables with any name', async () => {
      const env = {
        ...jobEnvironment(),
        'INPUT_NODE-VERSION': '22',
        'BASH_FUNC_cd%%': '() { false; }',
        BASH_ENV: '/nowhere',
      };
      const { said } = await run('', { argv: ['env'], env });
      for (const name of Object.keys(env)) expect(said.toString()).to.include(`${name}=`);
    });

    it('that does not exist ends with exit code 127 and an error in its output', async () => {
      const { exitCode, said } = await run('', { argv: ['there-is-no-such-program'] });
      expect(exitCode).to.equal(127);
      expect(said.toString()).to.include('there-is-no-such-program');
    });

    it('is a spawn_failed error when its folder is gone, not an exit code', async () => {
      const { message } = await failure('spawn_failed', () => run('exit 0', { cwd: join(folders.make(), 'gone') }));
      expect(message).to.include('gone');
    });

    it('keeps exit codes that nsenter and the shell use for their own failures', async () => {
      const script = 'echo "sh: 1: cd: cannot cd to /gone" >&2; exit 2';
      expect(await run(script)).to.include({ exitCode: 2 });
      expect(await run('[ -e /proc/self/fd/3 ] && exit 9; exit 2')).to.include({ exitCode: 2 });
    });

    it('gets its arguments unchanged', async () => {
      const strange = ['', ' ', '$(id)', "'", '"', '\\', '*', 'ä', '-n', 'a\nb'];
      const { said } = await run('', { argv: ['printf', '%s\\0', ...strange] });
      expect(said.toString().split('\0').slice(0, -1)).to.deep.equal(strange);
    });

    it('runs in its folder, whatever the name of the folder', async () => {
      const folder = join(realpathSync(folders.make()), `a 'strange' $name ä`);
      mkdirSync(folder);
      expect((await run('pwd', { cwd: folder })).said.toString()).to.equal(`${folder}\n`);
    });

    it('gets only the given environment', async () => {
      process.env.VOLT_SECRET_OF_THE_TEST = 'secret';
      const { said } = await run('env', { env: { PATH: process.env.PATH ?? '', GIVEN: 'a b=c' } });
      delete process.env.VOLT_SECRET_OF_THE_TEST;
      const names = said
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0] as string);
      expect(said.toString()).to.include('GIVEN=a b=c\n');
      // variables that the shell sets, and the marker of the process group
      const own = ['PATH', 'GIVEN', 'PWD', 'OLDPWD', 'SHLVL', '_', ...Object.keys(processes.marker)];
      expect(names.filter((name) => !own.includes(name))).to.deep.equal([]);
    });

    it('has no input and no terminal', async () => {
      const { said } = await run('cat; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo no terminal; tty <&1');
      expect(said.toString()).to.equal('no terminal\nnot a tty\n');
    });

    it('has standard output and standard error in the order of printing', async () => {
      const { said } = await run('for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done');
      const order = [1, 2, 3, 4, 5].flatMap((i) => [`out ${i}`, `err ${i}`]);
      expect(said.toString()).to.equal(`${order.join('\n')}\n`);
    });

    it('can open its outputs by name, as in echo >/dev/stderr', async () => {
      const script =
        'echo one >/dev/stderr; echo two | tee /dev/stdout; echo three >>/dev/fd/1; echo four >/proc/self/fd/2';
      const { exitCode, said } = await run(script);
      expect([exitCode, said.toString()]).to.deep.equal([0, 'one\ntwo\ntwo\nthree\nfour\n']);
    });

    it('can print any bytes', async () => {
      const bytes = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
      const { said } = await run(`printf '${bytes}'`);
      expect([...said]).to.deep.equal(Array.from({ length: 256 }, (_, byte) => byte));
    });

    it('can print many bytes right before it ends', async () => {
      const { said } = await run('head -c 8000000 /dev/zero');
      expect(said.length).to.equal(8_000_000);
    });

    it('waits for a slow reader of its output, and is over when all output was read', async () => {
      let arrived = 0;
      const output = async (chunk: Buffer) => {
        arrived += chunk.length;
        // longer than the silence after which the output counts as complete
        await pause(60);
      };
      const { exitCode } = await run(`head -c 300000 /dev/zero; sleep ${longSleep()} &`, { output });
      expect(exitCode).to.equal(0);
      expect(arrived).to.equal(300_000);
    });

    it('is over when it exits, even if a background process keeps its output open', async () => {
      const sleep = longSleep();
      const { exitCode, said } = await run(`sleep ${sleep} & echo done; exit 3`);
      expect(exitCode).to.equal(3);
      expect(said.toString()).to.equal('done\n');
      // the shell may exit before the other process has begun the program
      await until('the background process runs', () => processesWith(sleep).length === 1);
      await processes.close();
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('gets SIGTERM first when it is stopped, so that it can clean up', async () => {
      const { ended, stop, said } = start(
        'trap "echo tidying up; exit 5" TERM; echo ready; while :; do sleep 0.01; done',
      );
      await until('it is ready', () => said().length > 0);
      stop.abort();
      expect(await ended).to.deep.equal({ exitCode: 5, signal: null });
      expect(said().toString()).to.match(/^ready\n.*tidying up\n$/s);
      expect(processes.alive).to.equal(true);
    });

    it('ends with all its children when it is stopped', async () => {
      const sleep = longSleep();
      const { ended, stop } = start(`sleep ${sleep} & sleep ${sleep} & wait`);
      await until('both sleep', () => processesWith(sleep).length >= 2);
      stop.abort();
      expect(await ended).to.deep.equal({ exitCode: null, signal: 'SIGTERM' });
      await until('nothing is left', () => processesWith(sleep).length === 0);
    });

    it('that ignores SIGTERM is killed after the grace time', async () => {
      const sleep = longSleep();
      const { ended, stop, said } = start(`trap "" TERM; echo ready; sleep ${sleep}; sleep ${sleep}`, { grace: 50 });
      await until('it is ready', () => said().length > 0);
      stop.abort();
      expect(await ended).to.deep.equal({ exitCode: null, signal: 'SIGKILL' });
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('that ignores SIGTERM is killed without other processes of the job when stubborn is "group"', async () => {
      const sleep = longSleep();
      const script = `trap '' TERM; echo ready; sleep ${sleep} & while :; do wait; done`;
      const { ended, stop, said } = start(script, { grace: 50, stubborn: 'group' });
      await until('it is ready', () => said().includes('ready'));
      stop.abort();
      expect(await ended).to.include({ exitCode: null, signal: 'SIGKILL' });
      await until('what it has started is gone', () => processesWith(sleep).length === 0);
      expect(processes.alive).to.equal(true);
      expect(await run('exit 5')).to.include({ exitCode: 5 });
    });

    it('that has stopped itself with SIGSTOP is ended, too', async () => {
      const seen = `while ! grep -q 'T (stopped)' /proc/$$/status; do sleep 0.01; done; echo stopped`;
      const { ended, stop, said } = start(`(${seen}) & kill -STOP $$`, { grace: 50 });
      await until('it has stopped', () => said().length > 0);
      stop.abort();
      expect((await ended).signal).to.equal('SIGKILL');
    });

    it('leaves no child that ignores SIGTERM after the grace time', async () => {
      const sleep = longSleep();
      const script = `setsid sh -c 'trap "" TERM; sleep ${sleep}; :' & echo ready; while :; do sleep 0.01; done`;
      const { ended, stop, said } = start(script, { grace: 50 });
      await until('it is ready', () => said().length > 0 && processesWith(sleep).length > 0);
      stop.abort();
      expect(await ended).to.deep.equal({ exitCode: null, signal: 'SIGTERM' });
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('ends at once when it was stopped before it began', async () => {
      const stop = new AbortController();
      stop.abort();
      const sleep = longSleep();
      const { exitCode } = await run(`sleep ${sleep}`, { signal: stop.signal, grace: 100 });
      expect(exitCode).to.not.equal(0);
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('is ended when its process group is closed', async () => {
      const sleep = longSleep();
      const { ended } = start(`sleep ${sleep}`);
      await until('it sleeps', () => processesWith(sleep).length > 0);
      await processes.close();
      expect(await ended).to.deep.equal({ exitCode: null, signal: 'SIGKILL' });
    });
  });
}

describe('a command in a namespace that no longer exists', () => {
  before(async function () {
    if (!(await isPossible('namespace'))) this.skip();
  });

  it('is a spawn_failed error, whatever the exit code of nsenter', async () => {
    const processes = await ProcessGroup.open(3600, 'namespace');
    // the process group does not know it yet, so nsenter tries to enter it
    Object.defineProperty(processes, 'pid', { value: 2 ** 22 });
    const options = { argv: ['true'], cwd: '/', env: jobEnvironment(), output: () => {} };
    const signal = new AbortController().signal;
    const { message } = await failure('spawn_failed', () => runCommand({ processes, ...options, signal }));
    expect(message).to.include('nsenter');
    await processes.close();
  });
});

describe('a command in a user-namespace', () => {
  before(async function () {
    if (!(await isPossible('user-namespace'))) this.skip();
  });

  it('keeps its output, exit code and signal, and gets no rights', async () => {
    const processes = await ProcessGroup.open(3600, 'user-namespace');
    const run = async (script: string) => {
      let said = '';
      const output = (chunk: Buffer) => {
        said += chunk;
      };
      const signal = new AbortController().signal;
      const end = await runCommand({
        processes,
        argv: ['sh', '-c', script],
        cwd: '/',
        env: jobEnvironment(),
        output,
        signal,
      });
      return { ...end, said };
    };
    expect(await run('echo out; echo err >&2; exit 3')).to.deep.equal({
      exitCode: 3,
      signal: null,
      said: 'out\nerr\n',
    });
    expect(await run('kill -KILL $$')).to.deep.equal({ exitCode: null, signal: 'SIGKILL', said: '' });
    expect((await run('id -u')).said.trim()).to.equal(String(process.getuid?.()));
    await processes.close();
  });
});

describe('a command', () => {
  it('is a tool_missing error when the program that starts it is missing', async () => {
    const processes = await ProcessGroup.open(3600, 'group');
    processes.wrap = () => ['/nowhere/bash'];
    const signal = new AbortController().signal;
    const ended = await runCommand({ processes, argv: ['true'], cwd: '/', env: {}, output: () => {}, signal }).catch(
      (error: Error) => error,
    );
    expect(ended).to.include({ code: 'tool_missing' });
    await processes.close();
  });

  it('is an error when the process has no file descriptor left', async () => {
    const processes = await ProcessGroup.open(3600, 'group');
    const signal = new AbortController().signal;
    const run = () => runCommand({ processes, argv: ['true'], cwd: '/', env: {}, output: () => {}, signal });
    // the next command gets a pipe again
    await run();
    const open: number[] = [];
    try {
      expect(() => {
        for (;;) open.push(openSync('/dev/null', 'r'));
      }).to.throw('EMFILE');
      const ended = run();
      await failure('tool_missing', () => ended);
    } finally {
      for (const descriptor of open) closeSync(descriptor);
    }
    expect(await run()).to.include({ exitCode: 0 });
    await processes.close();
  });
});
