import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { runCommand } from '../../src/exec/command.ts';
import type { Isolation, IsolationLevel } from '../../src/exec/isolation.ts';
import { ownUser } from '../../src/exec/isolation-check.ts';
import { type GroupKind, ProcessGroup } from '../../src/exec/process-group.ts';
import { startChild, type TestChild } from '../support/child.ts';
import { escapes } from '../support/escapes.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

/** Seconds; longer than any test. */
const forEver = 3600;

/** Levels of isolation, for root and for others. */
const levels: readonly [level: Exclude<IsolationLevel, 'none'>, groupKind: GroupKind][] = [
  ['sandbox', 'namespace'],
  ['sandbox', 'user-namespace'],
  ['user', 'namespace'],
];

/** What an isolated job may try in addition to other jobs. */
const attempts = [
  ...escapes,
  ['in namespaces of its own', 'unshare --user --map-root-user --pid --fork setsid sleep $S >/dev/null 2>&1 &'],
  ['after it attacked the supervisor', 'kill -KILL 1; kill -STOP 1; kill -STOP -1; sleep $S >/dev/null 2>&1 &'],
] as const;

/**
 * A program that opens a process group, runs a script in it, and renews the lease until it dies. After SIGUSR2 a renewal
 * holds for half a second.
 */
const owner = `
  import { ProcessGroup } from './src/exec/process-group.ts';
  import { runCommand } from './src/exec/command.ts';
  const { groupKind, isolation, script, env } = JSON.parse(process.env.TO_DO);
  const processes = await ProcessGroup.open(45, groupKind, { isolation });
  const signal = new AbortController().signal;
  await runCommand({ processes, argv: ['sh', '-c', script], cwd: '/', env, output: () => {}, signal });
  let left = 45;
  setInterval(() => processes.beat(left), 50);
  process.on('SIGUSR2', () => {
    left = 0.5;
    processes.beat(left);
    console.log('short leases');
  });
  console.log('left behind');
`;

for (const [level, groupKind] of levels) {
  describe(`a process group of isolation ${level} in a ${groupKind}`, () => {
    // an id that nobody else uses, so that all its processes belong to the job
    const uid = 30_000 + Math.floor(Math.random() * 20_000);
    const user = groupKind === 'namespace' ? { uid, gid: uid } : ownUser();
    const view = { temporary: [], readable: [], writable: [], hidden: [] };
    const isolation: Isolation = level === 'user' ? { level, user } : { level, user, view };
    const env = { PATH: process.env.PATH ?? '' };
    let processes: ProcessGroup | undefined;
    let child: TestChild | undefined;

    before(async function () {
      if (groupKind === 'namespace' && process.getuid?.() !== 0) return this.skip();
      const works = await ProcessGroup.open(5, groupKind, { isolation }).catch(() => undefined);
      if (!works) return this.skip();
      await works.close();
    });

    afterEach(async () => {
      await processes?.close();
      child?.signal('SIGCONT');
      await child?.kill();
      processes = undefined;
      child = undefined;
    });

    function run(
      inside: ProcessGroup,
      script: string,
      more: Record<string, string>,
      signal: AbortSignal,
      grace?: number,
    ) {
      const output = () => undefined;
      const argv = ['sh', '-c', script];
      return runCommand({
        processes: inside,
        argv,
        cwd: '/',
        env: { ...env, ...more },
        output,
        signal,
        ...(grace && { grace }),
      });
    }

    /** Resolves when all processes that were left are asleep. */
    const asleep = (sleep: string, count: number) =>
      until(`${count} sleep`, () => processesWith(sleep).length >= count, 50_000);

    /** Starts a process that opens a process group and leaves every kind of process in it. */
    async function leftByOwner(): Promise<{ owner: TestChild; sleep: string }> {
      const sleep = longSleep();
      const script = attempts.map(([, each]) => each).join('\n');
      const todo = { groupKind, isolation, script, env: { ...env, S: sleep } };
      child = startChild(owner, { env: { TO_DO: JSON.stringify(todo) } });
      await child.line();
      await asleep(sleep, attempts.length);
      return { owner: child, sleep };
    }

    for (const [how, script] of attempts) {
      it(`ends processes that a command left ${how}`, async () => {
        processes = await ProcessGroup.open(forEver, groupKind, { isolation });
        const sleep = longSleep();
        await run(processes, script, { S: sleep }, new AbortController().signal);
        await asleep(sleep, 1);
        await processes.close();
        expect(processesWith(sleep)).to.deep.equal([]);
      });
    }

    it('ends a command that ignores SIGTERM, and all its processes', async () => {
      processes = await ProcessGroup.open(forEver, groupKind, { isolation });
      const sleep = longSleep();
      const stop = new AbortController();
      const deaf = `trap '' TERM INT HUP; setsid sleep $S & while :; do sleep $S; done`;
      const ended = run(processes, deaf, { S: sleep }, stop.signal, 100);
      await asleep(sleep, 2);
      stop.abort();
      expect((await ended).signal).to.equal('SIGKILL');
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('ends everything when its lease runs out, whatever the job does', async () => {
      processes = await ProcessGroup.open(1, groupKind, { isolation, limits: { processes: 60 } });
      const sleep = longSleep();
      // processes of the current user are not counted, so nothing would stop a fork bomb
      const bomb = uid === user.uid ? 'bomb() { bomb | bomb & }; bomb' : ':';
      const flood = `while :; do sleep $S & ${bomb}; sleep 0.02; done`;
      const all = [...attempts.map(([, script]) => script), flood].join('\n');
      await run(processes, all, { S: sleep }, new AbortController().signal);
      await processes.ended;
      expect(processes.expired).to.equal(true);
      expect(processesWith(sleep)).to.deep.equal([]);
      if (uid === user.uid) expect(processesOf(uid)).to.deep.equal([]);
    });

    it('ends everything when the process that opened it is killed', async () => {
      const { owner, sleep } = await leftByOwner();
      await owner.kill();
      await until('all are gone', () => processesWith(sleep).length === 0);
    });

    it('ends everything when the process that opened it is frozen', async () => {
      const { owner, sleep } = await leftByOwner();
      owner.signal('SIGUSR2');
      await owner.line();
      owner.signal('SIGSTOP');
      await until('all are gone', () => processesWith(sleep).length === 0);
      expect(stateOf(owner.pid), 'the owner').to.equal('T');
    });
  });
}

/** The processes of a user, without zombies. */
function processesOf(uid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && statSync(`/proc/${name}`).uid === uid && stateOf(name) !== 'Z';
    } catch {
      return false;
    }
  });
}

/** The state letter, see proc_pid_stat(5). */
function stateOf(pid: number | string): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
}
