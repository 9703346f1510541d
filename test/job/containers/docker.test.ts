import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { containersWith } from '../../../src/engine/containers.ts';
import { detectGroupKind } from '../../../src/exec/group-kind.ts';
import { ProcessGroup } from '../../../src/exec/process-group.ts';
import { DockerDoesNotStart, hasDocker, startDocker } from '../../support/docker-engine.ts';
import { hasBuilder, type TestEngine, tinyImage } from '../../support/engine.ts';
import { TestSession } from '../../support/engine-session.ts';
import { hidesSecrets } from '../../support/hidden-environment.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import { jobText, TestJobs } from '../../support/job.ts';
import { loseRunnerInBuild } from '../../support/lost-build.ts';
import { until } from '../../support/until.ts';

/** The other tests of containers run on Docker, too, with VOLT_TEST_ENGINE=docker. */
describe('a job in containers of Docker', function () {
  this.timeout(120_000);
  const jobs = new TestJobs();
  let engine: TestEngine;
  let session: TestSession;
  before(async function () {
    if (!hasDocker()) return this.skip();
    try {
      engine = await startDocker({});
    } catch (error) {
      if (error instanceof DockerDoesNotStart) return this.skip();
      throw error;
    }
    session = new TestSession(engine);
  });
  afterEach(async () => {
    await session.nothingIsLeft();
    await jobs.clean();
  });
  after(async () => {
    await session?.close();
    await engine?.stop();
    jobs.folders.remove();
  });

  it('runs its steps, reaches its service by name, and runs a docker action that it builds', async () => {
    const repository = jobs.repository({
      'tool/action.yml': 'name: a\ndescription: b\nruns: { using: docker, image: Dockerfile }\n',
      'tool/Dockerfile': `FROM ${tinyImage}\nCMD ["sh", "-c", "echo from the action; echo made > made.txt"]\n`,
    });
    const answer = 'while true; do echo from the service | nc -l -p 80; done';
    const service = `{ image: '${tinyImage}', entrypoint: sh, command: '-c "${answer}"' }`;
    const { outcome, log } = await jobs.run(
      '- uses: actions/checkout@v4\n- run: until nc web 80 | grep service; do sleep 0.1; done; id -u\n- uses: ./tool\n- run: cat made.txt',
      { repository, job: `container: ${tinyImage}\nservices: { web: ${service} }`, around: { engine: session.next() } },
    );
    expect(outcome, log).to.include({ status: 'success' });
    expect(log).to.match(/\nfrom the service\n0\n.*\nfrom the action\n.*\nmade\n/s);
  });

  it('has secrets that Docker neither shows nor keeps', () => hidesSecrets(jobs, engine, session));

  it('ends in an error, never in a failure, when its container is killed', async () => {
    const labels = { 'volt.record': 'test' };
    // Docker often says so a moment after the end of the step
    for (let time = 0; time < 3; time++) {
      const repository = jobs.repository();
      const { test: plan } = jobs.plans(jobText('- run: echo begun; sleep 300', `container: ${tinyImage}`), repository);
      if (!plan) throw new Error('there is no such job');
      const job = jobs.start(plan, repository, { engine: session.next() });
      await until('the step runs', () => job.log().includes('\nbegun\n'));
      for (const id of await containersWith(await engine.connect(), labels)) await engine.podman('kill', id);
      expect((await job.ended).outcome, job.log()).to.include({ status: 'error', reason: 'engine_failed' });
    }
  });

  it('reaches no address of the machine where isolated jobs do not, from its first moment on', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    const server = createServer((socket) => socket.end('reached\n').on('error', () => undefined)).listen(0, '0.0.0.0');
    await once(server, 'listening');
    const isolated = new IsolatedJobs('sandbox', { sandboxNetwork: 'on' });
    isolated.engine = session.next();
    const { port } = server.address() as AddressInfo;
    const ask = `nc -w 2 $(ip route | cut -d' ' -f3 | head -n 1) ${port} </dev/null || echo refused`;
    const action = (command: string) =>
      `- uses: docker://${tinyImage}\n  with:\n    entrypoint: /bin/sh\n    args: -c "${command}"\n`;
    try {
      const { outcome, log } = await isolated.steps(
        // the second container gets the address of the first
        action('sleep 1') + action(ask) + action('true'),
      );
      expect(outcome, log).to.include({ status: 'success' });
      expect(log).to.include('\nrefused\n').and.not.include('\nreached\n');
    } finally {
      isolated.clean();
      server.close();
    }
  });

  it('gives an isolated job the base image of its Dockerfile, and takes what it has built', async function () {
    if (!hasBuilder() || !(await isIsolable('sandbox'))) return this.skip();
    const isolated = new IsolatedJobs('sandbox');
    isolated.engine = session.next();
    const repository = isolated.repository({
      Dockerfile: `FROM ${tinyImage}\nRUN echo "built by $(id -u)" > /note\nCMD ["cat", "/note"]\n`,
    });
    try {
      const { outcome, log } = await isolated.steps('- uses: actions/checkout@v4\n- uses: ./', repository);
      expect(outcome, log).to.include({ status: 'success' });
      expect(log).to.include('\nbuilt by 0\n');
    } finally {
      isolated.clean();
    }
  });

  it('that builds an image without isolation leaves no process of the build when its runner is lost', async () => {
    const { left, error } = await loseRunnerInBuild(engine.socket);
    expect(left).to.deep.equal([]);
    expect(error).to.be.instanceOf(Error);
  });

  it('ends with resource_limit when a step needs more memory than the job may', async () => {
    const processes = await ProcessGroup.open(3600, await detectGroupKind(), { limits: { memory: 64 * 1_048_576 } });
    try {
      const { outcome, log } = await jobs.run('- run: dd if=/dev/zero of=/dev/null bs=200M count=1', {
        job: `container: ${tinyImage}`,
        around: { engine: session.next(), processes: Promise.resolve(processes) },
      });
      expect(outcome, log).to.include({ status: 'failure', reason: 'resource_limit' });
    } finally {
      await processes.close();
    }
  });
});
