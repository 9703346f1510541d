import { dirname } from 'node:path';
import { expect } from 'chai';
import { EngineRefusal } from '../../src/engine/connection.ts';
import {
  containersWith,
  killContainer,
  removeContainer,
  startContainer,
  stateOf,
} from '../../src/engine/containers.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { runInContainer } from '../../src/engine/exec.ts';
import { imageName } from '../../src/engine/image-name.ts';
import { imageOf, pullImage } from '../../src/engine/images.ts';
import { makeNetwork, networksWith, removeNetwork } from '../../src/engine/networks.ts';
import { makePod, podsWith, untilPodsAreGone } from '../../src/engine/pods.ts';
import { asVoltError } from '../../src/kernel/errors.ts';
import { hasEngine, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { watchersOf } from '../support/seen-processes.ts';
import { sleepingContainer } from '../support/sleeping-container.ts';
import { until } from '../support/until.ts';

describe('the client of a container engine', () => {
  let test: TestEngine;
  let engine: Engine;
  let image: string;
  const labels = { 'volt.record': 'r', 'volt.job': 'j' };
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
    engine = await test.connect();
    image = (await imageOf(engine, imageName(tinyImage)))?.id ?? '';
  });
  after(() => test?.stop());

  /** Runs the work in a container that sleeps. */
  async function withContainer(work: (id: string) => Promise<void>, mtu?: number): Promise<void> {
    const { name: network } = await makeNetwork(engine, labels, 'all', mtu);
    const plan = sleepingContainer(test, image, labels);
    const id = await startContainer(engine, { ...plan, network: { name: network, aliases: [] } });
    try {
      await work(id);
    } finally {
      await removeContainer(engine, id);
      await removeNetwork(engine, network);
    }
  }

  async function output(id: string, argv: string[], env: Record<string, string> = {}) {
    let text = '';
    const code = await runInContainer(engine.connection, id, {
      ...{ argv, env, cwd: '/tmp' },
      output: (chunk) => {
        text += chunk;
      },
    });
    return { code, text };
  }

  it('names the engine, its version and its rights', () => {
    expect(engine.title).to.match(/^(podman|Docker) \d+\.\d+\.\d+\S*, (as|without) root, at \//);
  });

  it('says what an image has, and that another is not there', async () => {
    await test.makeImage('with-user:1', 'USER node', 'ENV GREETING=a=b');
    const found = await imageOf(engine, imageName('with-user:1'));
    expect(found).to.include({ user: 'node' });
    expect(found?.env.GREETING).to.equal('a=b');
    expect(await imageOf(engine, imageName('not-there:1'))).to.equal(undefined);
  });

  it('fails a pull with the words of the engine', async () => {
    const login = undefined;
    const pulled = pullImage(engine, imageName('127.0.0.1:1/x:1'), { login, say: () => undefined });
    const error = await pulled.catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(EngineRefusal).with.property('message').that.includes('connection refused');
  });

  it('runs commands in a container with their own environment and folder, and gets output and exit codes', async () => {
    await withContainer(async (id) => {
      const shown = await output(id, ['sh', '-c', 'echo "$GIVEN"; pwd; echo wrong >&2; exit 3'], {
        GIVEN: 'two\nlines',
      });
      expect(shown.code).to.equal(3);
      expect(shown.text).to.include('two\nlines\n/tmp\n').and.include('wrong\n');
      expect((await output(id, ['no-such-program'])).code).to.be.oneOf([126, 127]);
      expect((await output(id, ['sh', '-c', 'kill -KILL $$'])).code).to.equal(137);
      expect((await output(id, ['sh', '-c', 'sleep 300 & echo begun'])).text, 'what is left running').to.equal(
        'begun\n',
      );
    });
  });

  it('passes on all of a large output, byte for byte', async () => {
    await withContainer(async (id) => {
      let bytes = 0;
      await runInContainer(engine.connection, id, {
        ...{ argv: ['sh', '-c', 'yes 0123456789abcde | head -c 5000000'], env: {}, cwd: '/' },
        output: async (chunk) => {
          bytes += chunk.length;
        },
      });
      expect(bytes).to.equal(5_000_000);
    });
  });

  it('lets containers send no larger packets than the machine can', async () => {
    await withContainer(async (id) => {
      expect(await output(id, ['cat', '/sys/class/net/eth0/mtu'])).to.deep.equal({ code: 0, text: '1300\n' });
    }, 1300);
  });

  it('finds containers and networks by labels, kills and removes them at once', async () => {
    await withContainer(async (id) => {
      expect(await containersWith(engine, labels)).to.deep.equal([id]);
      expect(await containersWith(engine, { ...labels, 'volt.job': 'other' })).to.deep.equal([]);
      expect(await networksWith(engine, labels)).to.have.lengthOf(1);
      expect(await stateOf(engine, id)).to.include({ isRunning: true });
      await killContainer(engine, id);
      await killContainer(engine, id);
      expect(await stateOf(engine, id)).to.include({ isRunning: false, exitCode: 137 });
      await removeContainer(engine, id);
      await removeContainer(engine, id);
      expect(await stateOf(engine, id)).to.equal(undefined);
    });
    expect(await networksWith(engine, labels)).to.deep.equal([]);
  });

  it('removes a container that could not be started', async () => {
    const { name: network } = await makeNetwork(engine, labels);
    const plan = { ...sleepingContainer(test, image, labels), network: { name: network, aliases: [] } };
    const error = await startContainer(engine, { ...plan, cwd: '/bin/sh' }).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(EngineRefusal);
    expect(await containersWith(engine, labels)).to.deep.equal([]);
    await removeNetwork(engine, network);
  });

  it('makes root of a container another user of the machine', async function () {
    // Docker does so for the whole daemon only, and without root there is one user
    if (engine.kind === 'docker' || engine.isRootless) return this.skip();
    const { name: network } = await makeNetwork(engine, labels);
    const ranges = [
      { inside: 0, outside: 60_600, count: 1 },
      { inside: 1, outside: 1_900_000_000, count: 65_535 },
    ];
    const plan = { ...sleepingContainer(test, image, labels), network: { name: network, aliases: [] } };
    const id = await startContainer(engine, { ...plan, ids: { users: ranges, groups: ranges } });
    try {
      expect((await output(id, ['cat', '/proc/self/uid_map'])).text).to.match(
        /^ +0 +60600 +1\n +1 +1900000000 +65535\n/,
      );
    } finally {
      await removeContainer(engine, id);
      await removeNetwork(engine, network);
    }
  });

  it('removes pods that an engine has left which was killed while it removed them', async function () {
    if (engine.kind === 'docker') return this.skip();
    const pod = await makePod(engine, labels, { processes: 100 });
    expect(await podsWith(engine, labels)).to.deep.equal([pod]);
    const stop = new AbortController();
    const removing = untilPodsAreGone(engine, labels, stop.signal);
    await until('the pod is gone', async () => (await podsWith(engine, labels)).length === 0);
    stop.abort();
    await removing;
  });

  it('does not know how a command has ended whose watching process was killed', async function () {
    if (engine.kind === 'docker') return this.skip();
    await withContainer(async (id) => {
      let isBegun: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => {
        isBegun = resolve;
      });
      const running = runInContainer(engine.connection, id, {
        ...{ argv: ['sh', '-c', 'echo begun; sleep 300'], env: {}, cwd: '/' },
        output: () => isBegun(),
      }).catch(asVoltError);
      await begun;
      for (const pid of watchersOf(dirname(test.socket))) process.kill(pid, 'SIGKILL');
      expect(await running).to.have.property('code', 'engine_failed');
    });
  });

  it('fails a command whose engine is killed, and the container lives on', async () => {
    await withContainer(async (id) => {
      let isBegun: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => {
        isBegun = resolve;
      });
      const running = runInContainer(engine.connection, id, {
        ...{ argv: ['sh', '-c', 'echo begun; sleep 300'], env: {}, cwd: '/' },
        output: () => isBegun(),
      }).catch(asVoltError);
      await begun;
      await test.kill();
      expect(await running).to.have.property('code', 'engine_failed');
      expect(await engine.answers()).to.equal(false);
      await test.start();
      expect(await stateOf(engine, id)).to.include({ isRunning: true });
    });
  });
});
