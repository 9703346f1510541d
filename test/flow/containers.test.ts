import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { containersWith, stateOf } from '../../src/engine/containers.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { isAlive, sendSignal } from '../../src/system/processes.ts';
import { engineKind, hasBuilder, hasEngine, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { TestFleet } from '../support/fleet.ts';
import { isIsolable } from '../support/isolation.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { longSleep, processesWith, startedBy } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

/** The container of an attempt. */
interface Running {
  id: string;
  attempt: number;
  /** its first process, as this machine sees it */
  pid: number;
}

describe('a job in a container on a runner', function () {
  this.timeout(180_000);
  let engine: TestEngine;
  let client: Engine;
  let redis: TestRedis;
  let fleet: TestFleet;
  before(async function () {
    if (!hasEngine()) return this.skip();
    engine = await startEngine();
    client = await engine.connect();
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url, env: { VOLT_ENGINE: engine.socket } });
    await fleet.open([]);
  });
  afterEach(async () => {
    for (const name of ['r1', 'r2']) if (fleet.runs(name)) await fleet.kill(name);
    await until('no container is left', async () => (await containersWith(client, {})).length === 0);
  });
  after(async () => {
    await fleet?.remove();
    await redis?.stop();
    await engine?.stop();
  });

  /** A commit whose job in a container ends when somebody makes the file /tmp/done in it. */
  function push(): string {
    const workflow = `on: push
jobs:
  test:
    runs-on: linux
    container: ${tinyImage}
    steps:
      - run: while [ ! -e /tmp/done ]; do sleep 0.1; done; echo done
`;
    return fleet.repository.commit(`in a container ${Math.random()}`, { '.volt/workflows/ci.yml': workflow });
  }

  /** How each engine is asked for the command lines of a container. */
  const shown = engineKind === 'docker' ? ['-eo', 'pid,args'] : ['args'];

  /** A container whose step runs, of a later attempt than the given one. */
  const running = (former?: Running): Promise<Running> =>
    until(
      'a step runs in a container',
      async () => {
        for (const id of await containersWith(client, {})) {
          const labels = await engine.podman('inspect', '--format', '{{json .Config.Labels}}', id).catch(() => '{}');
          const attempt = Number((JSON.parse(labels) as Record<string, string>)['volt.attempt'] ?? 0);
          if (attempt <= (former?.attempt ?? 0)) continue;
          const processes = await engine.podman('top', id, ...shown).catch(() => '');
          const pid = (await stateOf(client, id))?.pid ?? 0;
          if (processes.includes('.sh') && pid > 0) return { id, attempt, pid };
        }
        return undefined;
      },
      90_000,
    );

  /** The latest attempt of the commit's job that a runner has begun. */
  async function latest(sha: string): Promise<number | undefined> {
    const [build] = await listBuilds(fleet.database, { sha, limit: 1 });
    const [job] = build ? ((await findBuild(fleet.database, build.id))?.jobs ?? []) : [];
    const begun = job?.attempts.filter(({ startedAt }) => startedAt !== null) ?? [];
    return begun.at(-1)?.number;
  }

  /** Whether the dispatcher has given the commit's job to a runner once more. */
  const isTakenAgain = async (sha: string, { attempt }: Pick<Running, 'attempt'>) =>
    ((await latest(sha)) ?? 0) > attempt;

  /** Does not wait for the command, since its container may be gone before that has ended. */
  const finish = ({ id }: Running) => engine.podman('exec', '--detach', id, 'touch', '/tmp/done');

  /** Has a later attempt succeed; where the machine is very busy, its runner may be lost for a moment, too. */
  const finishAnother = (former: Running) =>
    until(
      'another attempt has been told to end',
      async () =>
        finish(await running(former)).then(
          () => true,
          () => false,
        ),
      90_000,
    );

  /** The process that ends the runner's containers. */
  const keeper = (runner: number) =>
    until('the keeper runs', () =>
      startedBy(runner, 'node').find((pid) => {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return args.includes('keeper') && args.includes(engine.socket);
      }),
    );

  /** Starts r1 with the job of a new commit, then r2. */
  async function atWork(): Promise<{ sha: string; first: Running }> {
    await fleet.startRunner('r1');
    const sha = push();
    const first = await running();
    await fleet.startRunner('r2');
    return { sha, first };
  }

  for (const [how, lose] of [
    ['is killed with -9', () => fleet.kill('r1')],
    ['is frozen', async () => fleet.process('r1').signal('SIGSTOP')],
  ] as const) {
    it(`runs again in a new container, once the first one is gone, when the runner ${how}`, async () => {
      const { sha, first } = await atWork();
      await lose();
      await until('another attempt begins', () => isTakenAgain(sha, first), 90_000);
      expect(isAlive(first.pid), 'the container lives beside another attempt').to.equal(false);
      await finishAnother(first);
      const { status, jobs } = await fleet.built(sha);
      expect(status).to.equal('success');
      const { runner, reason } = jobs[0]?.attempts[first.attempt - 1] ?? {};
      expect({ runner, reason }).to.deep.equal({ runner: 'r1', reason: 'runner_lost' });
    });
  }

  const buildsAnAction = {
    files: (time: string) => ({
      Dockerfile: `FROM docker.io/library/${tinyImage}\nRUN sleep ${time} || true\nCMD ["true"]\n`,
      '.volt/workflows/ci.yml': `on: push
jobs:
  test:
    runs-on: linux
    steps: [{ uses: actions/checkout@v4 }, { uses: ./ }]
`,
    }),
    living: async (time: string) => processesWith(time),
    finish: async (time: string) => {
      for (const pid of processesWith(time)) sendSignal(pid, 'SIGKILL');
    },
  };

  /** Moments before the first step of a job: its files, the processes that must not live on, and how the moment ends. */
  const moments = [
    {
      isolation: 'none',
      what: 'while it waits for a service',
      files: () => ({
        '.volt/workflows/ci.yml': `on: push
jobs:
  test:
    runs-on: linux
    services:
      slow: { image: ${tinyImage}, command: sleep 1000, options: --health-cmd "test -e /tmp/done" --health-retries 20 }
    steps:
      - run: echo done
`,
      }),
      living: async () => {
        const found: number[] = [];
        for (const id of await containersWith(client, {})) found.push((await stateOf(client, id))?.pid ?? 0);
        return found.filter((pid) => pid > 0);
      },
      finish: async () => {
        for (const id of await containersWith(client, {}))
          await engine.podman('exec', id, 'touch', '/tmp/done').catch(() => undefined);
      },
    },
    { what: 'while the engine builds an action', isolation: 'none', ...buildsAnAction },
    { what: 'while it builds an action in a sandbox', isolation: 'sandbox', ...buildsAnAction },
  ];

  for (const { what, isolation, files, living, finish: end } of moments) {
    for (const [how, lose] of [
      ['is killed with -9', () => fleet.kill('r1')],
      ['is frozen', async () => fleet.process('r1').signal('SIGSTOP')],
    ] as const) {
      it(`${what}, leaves nothing that runs beside the next attempt when the runner ${how}`, async function () {
        if (isolation === 'sandbox' && !(hasBuilder() && (await isIsolable('sandbox')))) return this.skip();
        const args = ['--isolation', isolation];
        await fleet.startRunner('r1', { args });
        const time = longSleep();
        const sha = fleet.repository.commit(`${what} ${how}`, files(time));
        const first = await until('the moment has come', async () => (await living(time))[0], 60_000);
        const attempt = await until('it is an attempt of r1', () => latest(sha));
        await fleet.startRunner('r2', { args });
        await lose();
        await until('another attempt begins', () => isTakenAgain(sha, { attempt }), 90_000);
        expect(isAlive(first), 'something of the first attempt lives').to.equal(false);
        let isOver = false;
        const built = fleet.built(sha).finally(() => {
          isOver = true;
        });
        await until('it has ended', async () => end(time).then(() => isOver), 90_000);
        expect(await built).to.include({ status: 'success' });
      });
    }
  }

  it('runs again on another runner, once its container is gone, when its runner stops while the engine hangs', async () => {
    const { sha, first } = await atWork();
    engine.freeze();
    try {
      // the second one hands the job back at once
      for (let times = 0; times < 2; times++) fleet.process('r1').signal('SIGTERM');
      await until('another attempt begins', () => isTakenAgain(sha, first), 90_000);
      expect(isAlive(first.pid), 'the container lives beside another attempt').to.equal(false);
    } finally {
      engine.thaw();
    }
    await finishAnother(first);
    expect(await fleet.built(sha)).to.include({ status: 'success' });
  });

  it('goes on when the process that would end its container is killed', async () => {
    await fleet.startRunner('r1');
    const sha = push();
    const container = await running();
    const runner = fleet.process('r1').pid;
    const former = await keeper(runner);
    process.kill(former, 'SIGKILL');
    await until('there is another keeper', async () => (await keeper(runner)) !== former);
    await finish(container);
    const { status, jobs } = await fleet.built(sha);
    expect(status).to.equal('success');
    expect(jobs[0]?.attempts.at(-1)?.number).to.equal(container.attempt);
  });
});

describe('a runner that runs each job in a container', function () {
  this.timeout(180_000);
  let engine: TestEngine;
  let redis: TestRedis;
  let fleet: TestFleet;
  before(async function () {
    if (!hasEngine()) return this.skip();
    engine = await startEngine();
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url, env: { VOLT_ENGINE: engine.socket, VOLT_JOB_DISK: '40' } });
    await fleet.open([]);
    const args = ['--isolation', 'container', '--image', `ubuntu-latest=${tinyImage}`];
    await fleet.startRunner('r1', { args });
  });
  after(async () => {
    await fleet?.killAll();
    await fleet?.remove();
    await redis?.stop();
    await engine?.stop();
  });

  const files = { 'test.sh': '#!/bin/sh\ntest -e /bin/busybox && id -u\n' };

  it('says so, and serves the labels that it has images for', () => {
    expect(fleet.process('r1').output)
      .to.include('isolation container;')
      .and.match(/labels .*ubuntu-latest/);
  });

  it('ends a job that has no image in an error that says how to name one', async () => {
    const { status, jobs } = await fleet.built(fleet.repository.commit('without an image', files));
    expect(status).to.equal('error');
    expect(jobs[0]).to.include({ reason: 'image_unavailable', image: null });
    expect(jobs[0]?.message).to.include('`volt repo set NAME --image IMAGE`');
    expect(jobs[0]?.attempts).to.have.length(1);
  });

  it('ends a job whose container writes more than the job may have on the disk', async () => {
    const script = '#!/bin/sh\ndd if=/dev/urandom of=/filler bs=1M count=60 && sleep 60\n';
    const full = { 'test.sh': script, '.volt.yml': `image: ${tinyImage}\n` };
    const { status, jobs } = await fleet.built(fleet.repository.commit('full', full));
    expect(status).to.equal('failure');
    expect(jobs[0]).to.include({ reason: 'resource_limit' });
    expect(jobs[0]?.message).to.include('more than 40 MB on the disk');
  });

  it('runs tests in the image of .volt.yml, and a workflow in that of its label', async () => {
    const found = await fleet.built(
      fleet.repository.commit('named', { ...files, '.volt.yml': `image: ${tinyImage}\n` }),
    );
    const { message } = found.jobs[0] ?? {};
    expect(found.status, message ?? '').to.equal('success');
    const workflow = 'on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: test -e /bin/busybox }] } }\n';
    const planned = await fleet.built(fleet.repository.commit('planned', { '.volt/workflows/a.yml': workflow }));
    expect(planned.status, planned.jobs[0]?.message ?? '').to.equal('success');
    for (const { jobs } of [found, planned]) {
      expect(jobs[0]?.image?.name).to.equal('docker.io/library/tiny:1');
      expect(jobs[0]?.image?.digest).to.match(/^sha256:[0-9a-f]{64}$/);
    }
  });
});
