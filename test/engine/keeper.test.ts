import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { startContainer, stateOf } from '../../src/engine/containers.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { EngineSession, type StartedContainer } from '../../src/engine/engine-session.ts';
import { imageName } from '../../src/engine/image-name.ts';
import { imageOf } from '../../src/engine/images.ts';
import { EngineNotes, processLabel } from '../../src/engine/left-behind.ts';
import { makeNetwork, networksWith } from '../../src/engine/networks.ts';
import { removeLabelled } from '../../src/engine/remove-labelled.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { processMark } from '../../src/system/process-mark.ts';
import { statOf } from '../../src/system/processes.ts';
import { hasEngine, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { loseRunnerInBuild } from '../support/lost-build.ts';
import { argumentsOf, startedBy } from '../support/seen-processes.ts';
import { sleepingContainer } from '../support/sleeping-container.ts';
import { until } from '../support/until.ts';

describe('the keeper of containers', function () {
  this.timeout(90_000);
  const folders = new TestFolders();
  const sessions: EngineSession[] = [];
  let test: TestEngine;
  let engine: Engine;
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
    engine = await test.connect();
  });
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
  });
  after(async () => {
    await test?.stop();
    folders.remove();
  });

  /** A runner's session. @param ttl seconds of its lease, which nobody renews */
  function sessionOf(runner: string, ttl = 3600): EngineSession {
    const session = new EngineSession(loadConfig({ engine: test.socket, dataDir: folders.make() }), {
      ...{ record: async () => 'record', runner, ttl, left: () => ttl, renew: () => false, warn: () => undefined },
    });
    sessions.push(session);
    return session;
  }

  async function started(session: EngineSession): Promise<StartedContainer> {
    const access = session.forJob({ build: '1', job: '1-1', attempt: 1 });
    await access.open();
    const image = (await imageOf(engine, imageName(tinyImage)))?.id ?? '';
    return access.start(engine, { ...sleepingContainer(test, image, await access.labels()), mounts: [] });
  }

  const isKeeperOf = (pid: number, socket: string) =>
    argumentsOf(pid).some((argument) => argument.includes(`"socket":"${socket}"`));

  const isGone = (id: string) => until('the container is gone', async () => (await stateOf(engine, id)) === undefined);

  it('ends them when the lease runs out, but not those of another runner', async () => {
    const other = await started(sessionOf('second'));
    const { id } = await started(sessionOf('first', 3));
    await isGone(id);
    expect(await stateOf(engine, other.id)).to.include({ isRunning: true });
  });

  it('is started again when somebody kills it, and the containers live on', async () => {
    const session = sessionOf('third');
    const { id } = await started(session);
    const [former = 0] = session.pids;
    process.kill(former, 'SIGKILL');
    await until('there is another keeper', () => session.pids.some((pid) => pid !== former));
    expect(await stateOf(engine, id)).to.include({ isRunning: true });
    await session.close();
    await isGone(id);
  });

  it('leaves the rest of a job to its runner, which removes that when the engine is back', async () => {
    const session = sessionOf('seventh');
    const { id } = await started(session);
    await test.kill();
    const access = session.forJob({ build: '1', job: '1-1', attempt: 1 });
    access.removeLater(engine, await access.labels());
    await test.start();
    await isGone(id);
  });

  it('ends the commands of a build when the lease runs out, and lets it start no others', async () => {
    const { left, error } = await loseRunnerInBuild(test.socket);
    expect(left).to.deep.equal([]);
    expect(error).to.be.instanceOf(Error);
  });

  it('kills their processes without the engine, when that does not answer', async () => {
    const session = sessionOf('fourth');
    const { id, first } = await started(session);
    test.freeze();
    try {
      const closed = session.close();
      await until('the process is gone', () => !first.isAlive, 30_000);
      test.thaw();
      await closed;
    } finally {
      test.thaw();
    }
    await isGone(id);
  });

  it('that was killed together with its runner is replaced by the next start of the runner, which removes what is left', async () => {
    const former = sessionOf('fifth');
    const { id } = await started(former);
    const foreign = await started(sessionOf('sixth'));
    sessions.splice(sessions.indexOf(former), 1);
    const isClosed = former.close();
    process.kill(former.pids[0] ?? 0, 'SIGKILL');
    await isClosed;
    expect(await stateOf(engine, id)).to.include({ isRunning: true });
    await sessionOf('fifth').forJob({ build: '2', job: '2-1', attempt: 1 }).open();
    expect(await stateOf(engine, id)).to.equal(undefined);
    expect(await stateOf(engine, foreign.id)).to.include({ isRunning: true });
  });

  it('that is killed while it starts is replaced, too', async () => {
    const session = sessionOf('eighth');
    const { id } = await started(session);
    const [first = 0] = session.pids;
    const others = () => startedBy(process.pid, 'node').filter((pid) => pid !== first && isKeeperOf(pid, test.socket));
    const kept = new Set(others());
    process.kill(first, 'SIGKILL');
    const second = await until('another one starts', () => others().find((pid) => !kept.has(pid)));
    process.kill(second, 'SIGKILL');
    await until('there is a third one', () => session.pids.some((pid) => ![first, second].includes(pid)));
    expect(await stateOf(engine, id)).to.include({ isRunning: true });
  });

  /** What tells a process that has ended. */
  async function endedMark(): Promise<string> {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const here = processMark().split(':').slice(0, 3);
    const mark = [...here, child.pid, statOf(child.pid)?.startedAt].join(':');
    child.kill('SIGKILL');
    await once(child, 'exit');
    return mark;
  }

  /** Something that a runner has left. */
  async function left(runner: string, mark: string): Promise<{ id: string; labels: Record<string, string> }> {
    const labels = { 'volt.record': 'record', 'volt.runner': runner, [processLabel]: mark };
    const image = (await imageOf(engine, imageName(tinyImage)))?.id ?? '';
    const plan = sleepingContainer(test, image, labels);
    await makeNetwork(engine, labels);
    return { id: await startContainer(engine, plan), labels };
  }

  it('that was killed together with its runner leaves what another runner of the machine removes', async () => {
    const ofEnded = await left('gone', await endedMark());
    const ofLiving = await left('living', processMark());
    await sessionOf('ninth').forJob({ build: '1', job: '1-1', attempt: 1 }).open();
    await isGone(ofEnded.id);
    await until('its network is gone', async () => (await networksWith(engine, ofEnded.labels)).length === 0);
    expect(await stateOf(engine, ofLiving.id)).to.include({ isRunning: true });
    await removeLabelled(engine, ofLiving.labels);
  });

  it('that was killed together with its runner leaves what the next start with its data directory removes', async () => {
    const dataDir = folders.make();
    const ofEnded = await left('gone', await endedMark());
    const ofLiving = await left('living', processMark());
    for (const { labels } of [ofEnded, ofLiving]) new EngineNotes(dataDir).add({ socket: test.socket, labels });
    const warnings: string[] = [];
    await new EngineNotes(dataDir).sweep((message) => warnings.push(message));
    expect(warnings).to.deep.equal([]);
    expect(await stateOf(engine, ofEnded.id)).to.equal(undefined);
    expect(await stateOf(engine, ofLiving.id)).to.include({ isRunning: true });
    expect(readdirSync(join(dataDir, 'engine/sessions'))).to.have.length(1);
    await removeLabelled(engine, ofLiving.labels);
  });
});
