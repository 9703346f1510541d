import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { Poller } from '../../src/observer/poller.ts';
import { cursorsOf } from '../../src/record/cursors.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { GitServer } from '../chaos/git-server.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';
import { type Habit, habits, type Stage } from './habits.ts';

/** A running habit, and the builds that it must produce. */
class Part {
  readonly habit: Habit;
  readonly repository: TestRepository;
  /** `<ref> <sha>` of each expected build, in order */
  readonly expected: string[] = [];
  readonly #life: ReturnType<Habit['live']>;
  #waiting: (() => Promise<boolean>) | undefined;
  done = false;

  constructor(volt: TestVolt, habit: Habit) {
    this.habit = habit;
    this.repository = new TestRepository(habit.empty ? {} : { name: habit.name }, { name: habit.name });
    const { database } = volt.context;
    const stage: Stage = {
      repository: this.repository,
      expect: (sha, ref = 'refs/heads/main') => this.expected.push(`${ref} ${sha}`),
      recorded: async () => (await buildsOf(volt, habit.name)).length >= this.expected.length,
      seenGone: async (ref) => (await cursorsOf(database, habit.name)).get(ref)?.absent === true,
      seenFailing: async () => (await findRepository(database, habit.name))?.error != null,
    };
    this.#life = habit.live(stage);
  }

  /** Takes a step, unless its condition is not met yet. */
  async step(): Promise<void> {
    if (this.done || (this.#waiting && !(await this.#waiting()))) return;
    const { done, value } = this.#life.next();
    this.#waiting = value ?? undefined;
    this.done = done ?? false;
  }
}

/** `<ref> <sha>` of each build, in the order of creation. */
async function buildsOf(volt: TestVolt, repo: string): Promise<string[]> {
  const rows = await volt.context.database.db
    .selectFrom('builds')
    .select(['ref', 'sha'])
    .where('repo', '=', repo)
    .orderBy('id')
    .execute();
  return rows.map(({ ref, sha }) => `${ref} ${sha}`);
}

/** A proxy to a server that delays everything by this many milliseconds. */
async function slowWay(port: number, delay: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const later = (to: Socket) => (chunk: Buffer) => setTimeout(() => to.destroyed || to.write(chunk), delay);
    near.on('data', later(far)).on('error', () => far.destroy());
    far.on('data', later(near)).on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => setTimeout(() => near.destroy(), delay));
  });
  return listening(server);
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('two observers of twenty repositories', () => {
  let volt: TestVolt;
  let processes: VoltProcesses;
  const parts: Part[] = [];
  const servers: Server[] = [];
  const gitServers: GitServer[] = [];
  const sockets = new Set<Socket>();

  before(async () => {
    volt = await TestVolt.start();
    processes = new VoltProcesses();
    await volt.dispatcher();
  });

  after(async () => {
    await processes.end();
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    for (const server of gitServers) await server.stop();
    await volt.stop();
    for (const { repository } of parts) repository.remove();
  });

  async function urlOf({ remote }: Habit, repository: TestRepository): Promise<string> {
    if (remote === undefined) return repository.path;
    const git = await GitServer.start(repository.path);
    gitServers.push(git);
    const server =
      remote === 'slow'
        ? await slowWay(Number(new URL(git.url('127.0.0.1')).port), 60)
        : await listening(createServer((socket) => sockets.add(socket.on('error', () => undefined))));
    server.on('connection', (socket) => sockets.add(socket));
    servers.push(server);
    return `git://127.0.0.1:${(server.address() as AddressInfo).port}/.git`;
  }

  it('offer every commit exactly once during pushes, forced pushes, deletions and restarts', async function () {
    this.timeout(240_000);
    expect(habits).to.have.length(20);
    for (const habit of habits) {
      const part = new Part(volt, habit);
      parts.push(part);
      const url = await urlOf(habit, part.repository);
      // a watch notices changes on this machine; polls are the fallback
      await volt.observe(url, { name: habit.name, pollSeconds: habit.remote ? 1 : 10, ...habit.options });
    }
    for (let count = 0; count < 2; count++) {
      processes.start(['observer', '--redis', volt.redis.url, '--data', volt.dataDir]);
    }
    await until(
      'all have lived their lives',
      async () => {
        for (const part of parts) {
          await part.step();
          // the dispatcher runs in this process, too, and the observers must get time
          await pause(10);
        }
        return parts.every(({ done }) => done);
      },
      120_000,
    ).catch(async (error: Error) => {
      const late = parts.filter(({ done }) => !done);
      const states = late.map(async ({ habit, expected }) => {
        const { length } = await buildsOf(volt, habit.name);
        const repository = await findRepository(volt.context.database, habit.name);
        return `${habit.name}: ${length} of ${expected.length} builds, ${JSON.stringify(repository?.error)}`;
      });
      throw new Error(`${error.message}\n${(await Promise.all(states)).join('\n')}`);
    });
    for (const { habit, expected } of parts) {
      const recorded = async () => (await buildsOf(volt, habit.name)).length >= expected.length;
      await until(`everything of ${habit.name} is built`, recorded, 30_000).catch(() => undefined);
    }
    // one more poll offers whatever might be built twice
    const last = new Poller(volt.context);
    for (const { habit } of parts) if (habit.remote !== 'hanging') await last.poll(habit.name);
    const commits = volt.context.queues.queue('commits');
    const open = () => commits.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized');
    await until('no commit message is in transit', async () => (await open()) === 0);
    const made = await Promise.all(
      parts.map(async ({ habit }) => [habit.name, await byRef(volt, habit.name)] as const),
    );
    expect(Object.fromEntries(made)).to.deep.equal(
      Object.fromEntries(parts.map(({ habit, expected }) => [habit.name, grouped(expected)])),
    );
  });
});

async function byRef(volt: TestVolt, repo: string): Promise<Record<string, string[]>> {
  return grouped(await buildsOf(volt, repo));
}

/** The commits of each ref, in order. */
function grouped(builds: string[]): Record<string, string[]> {
  const refs: Record<string, string[]> = {};
  for (const build of builds) {
    const [ref = '', sha = ''] = build.split(' ');
    refs[ref] = [...(refs[ref] ?? []), sha];
  }
  return refs;
}
