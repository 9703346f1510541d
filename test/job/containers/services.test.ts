import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { detectGroupKind } from '../../../src/exec/group-kind.ts';
import { ProcessGroup } from '../../../src/exec/process-group.ts';
import type { JobContext } from '../../../src/job/job-context.ts';
import { timedOut } from '../../../src/job/outcome.ts';
import { engineKind, tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { type StartedJob, TestJobs } from '../../support/job.ts';
import { longSleep, processesWith } from '../../support/seen-processes.ts';
import { until } from '../../support/until.ts';

/** A service that answers connections with a word; `nc` may answer one with nothing, so steps ask until they have it. */
const answering = (word: string) => `command: sh -c 'while true; do echo ${word} | nc -l -p 80; done'`;

describe('the services of a job', function () {
  this.timeout(120_000);
  const jobs = new TestJobs();
  const used = useEngine();
  afterEach(async () => {
    await used.session.nothingIsLeft();
    await jobs.clean();
  });
  after(async () => {
    jobs.folders.remove();
  });

  /** @param job the lines of a job below its name */
  function start(job: string, around: Partial<JobContext> = {}): StartedJob {
    const repository = jobs.repository();
    const { test: plan } = jobs.plans(
      `on: push\njobs:\n  test:\n    runs-on: linux\n${job.replace(/^/gm, '    ')}`,
      repository,
    );
    if (!plan) throw new Error('there is no such job');
    return jobs.start(plan, repository, { engine: used.session.next(), ...around });
  }

  it('are reached by their names from a job in a container', async () => {
    const job = start(`
container: ${tinyImage}
services:
  web: { image: ${tinyImage}, ports: [80], env: { WORD: hello }, entrypoint: sh, command: '-c "while true; do echo $WORD | nc -l -p 80; done"', options: --network-alias other }
steps:
  - run: for name in web other; do until nc $name 80 2>/dev/null | grep hello; do sleep 0.1; done; done; echo "port \${{ job.services.web.ports[80] }}"
  - run: test "\${{ job.services.web.network }}" = "\${{ job.container.network }}"`);
    const { outcome, steps } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.include('hello\nhello\nport 80\n');
    expect(job.log()).to.include('##[group]Print service container logs: web\n');
    expect(steps.map(({ name }) => name)).to.include.members(['Initialize containers', 'Stop containers']);
  });

  it('are reached at localhost from an image of the runner, which the workflow knows nothing of', async () => {
    const images = { byLabel: new Map(), usual: tinyImage, isRequired: false };
    const job = start(
      `
services:
  web: { image: ${tinyImage}, ports: ['8080:80'], ${answering('hello')} }
steps:
  - run: |
      test -e /bin/busybox
      until nc localhost 8080 | grep hello; do sleep 0.1; done`,
      { images },
    );
    const { outcome, image } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.include('runs in the image tiny:1: this runner has it for all jobs').and.include('\nhello\n');
    expect(image?.name).to.equal('docker.io/library/tiny:1');
  });

  it("are reached at localhost in the job's own network, and nowhere on the machine", async () => {
    const kind = await detectGroupKind();
    const processes = ProcessGroup.open(3600, kind, { network: 'loopback' });
    const job = start(
      `
services:
  one: { image: ${tinyImage}, ports: ['8080:80'], ${answering('first')} }
  two: { image: ${tinyImage}, ports: [80], ${answering('second')} }
steps:
  - run: |
      until (exec 5<>/dev/tcp/localhost/8080; cat <&5) | grep first; do sleep 0.1; done
      until (exec 5<>/dev/tcp/127.0.0.1/\${{ job.services.two.ports[80] }}; cat <&5) | grep second; do sleep 0.1; done
      echo "mapped \${{ job.services.one.ports['80'] }}"
    shell: bash`,
      { processes },
    );
    const { outcome } = await job.ended;
    await (await processes).close();
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.include('first\nsecond\nmapped 8080\n');
  });

  it('are published at the loopback address of the machine for a job in its network', async () => {
    const job = start(`
services: { web: { image: ${tinyImage}, ports: [80], ${answering('hello')} } }
steps:
  - run: until (exec 5<>/dev/tcp/127.0.0.1/\${{ job.services.web.ports[80] }}; cat <&5) | grep hello; do sleep 0.1; done
    shell: bash`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.include('\nhello\n');
  });

  it('are waited for until their health checks succeed, before the first step', async () => {
    const job = start(`
container: ${tinyImage}
services:
  slow: { image: ${tinyImage}, command: sh -c 'sleep 1; touch /ready; sleep 1000', options: --health-cmd "test -f /ready" --health-interval 1s --health-retries 2 }
steps:
  - run: echo ran`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.match(/Service slow: waiting until it is healthy\n[\s\S]*\nran\n/);
  });

  it('end the job in an error, not in a failure, when its time runs out before they are healthy', async () => {
    const job = start(`
services: { db: { image: ${tinyImage}, entrypoint: sleep, command: '1000', options: '--health-cmd false --health-retries 1000' } }
steps:
  - run: echo never`);
    await until('the service is waited for', () => job.log().includes('waiting until it is healthy'));
    job.stop.abort(timedOut(1));
    const { outcome, begun } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'engine_failed' });
    expect(outcome.message).to.include('the time limit of the job ended the start of its containers');
    expect(begun).to.equal(false);
  });

  it('are waited for by the health check of their image, too, whose times the workflow may change', async () => {
    const folder = jobs.folders.make();
    const check = 'HEALTHCHECK CMD test -e /ready && echo asked >> /asked';
    writeFileSync(join(folder, 'Dockerfile'), `FROM docker.io/library/${tinyImage}\n${check}\n`);
    // podman's own format has no health checks
    const format = engineKind === 'podman' ? ['--format', 'docker'] : [];
    await used.engine.podman('build', ...format, '--tag', 'docker.io/library/checked:1', folder);
    const command = "sh -c 'sleep 1; touch /ready; while true; do nc -l -p 80 < /asked; done'";
    const job = start(`
container: ${tinyImage}
services: { web: { image: 'checked:1', command: "${command}", options: --health-interval 1s } }
steps:
  - run: until nc web 80 | grep asked; do sleep 0.1; done`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.match(/Service web: waiting until it is healthy\n[\s\S]*\nasked\n/);
  });

  it('that never get healthy end the job, with what their check and they have printed', async () => {
    const job = start(
      `
services:
  db: { image: ${tinyImage}, command: sh -c 'echo starting; sleep 1000', options: '--health-cmd "echo no table; false" --health-interval 1s --health-timeout 1s --health-retries 1' }
steps:
  - run: echo ran`,
      { serviceTime: 1 },
    );
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'service_failed' });
    expect(outcome.message).to.match(/^the service db is not healthy after \d+ s: no table/);
    expect(job.log()).to.include('##[group]Service container db failed.\nstarting\n').and.not.include('\nran\n');
  });

  it('have health checks that end with their processes when they take too long', async () => {
    const time = longSleep();
    const check = `echo asked; sleep ${time}; true`;
    const job = start(`
services:
  db: { image: ${tinyImage}, command: sleep 1000, options: '--health-cmd "${check}" --health-interval 1s --health-timeout 1s --health-retries 1' }
steps:
  - run: echo ran`);
    await until('a check begins', () => processesWith(time).length > 0);
    const [first] = processesWith(time);
    await until('it ends', () => first !== undefined && !processesWith(time).includes(first));
    job.stop.abort(timedOut(1));
    await job.ended;
    expect(processesWith(time)).to.deep.equal([]);
  });

  it('have volumes, options, and files of the workspace', async () => {
    const job = start(`
container: { image: ${tinyImage}, volumes: ['shared:/mine'] }
services:
  web:
    image: ${tinyImage}
    volumes: ['shared:/data', '\${{ github.workspace }}/given:/given:ro', '/own']
    options: --hostname my.web --user 1000 --workdir /tmp --tmpfs /memory:size=1m --ulimit nofile=100 --cpus 0.5
    entrypoint: sh
    command: >-
      -c 'while true; do (hostname; id -u; pwd; ulimit -n; grep -c " /memory tmpfs" /proc/mounts; ls -d /data /given /own; touch /given/x) 2>&1 | nc -l -p 8080; done'
steps:
  - run: until nc web 8080 | grep .; do sleep 0.1; done`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.match(/\nmy\.web\n1000\n\/tmp\n100\n1\n\/data\n\/given\n\/own\n.*Read-only file system\n/);
  });

  it('that end end the job as an error of theirs, with their log', async () => {
    const job = start(`
services:
  db: { image: ${tinyImage}, command: sh -c 'echo no space; exit 3', options: --health-cmd true }
  other: { image: ${tinyImage}, command: sleep 1000 }
steps:
  - run: echo ran`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'service_failed' });
    expect(outcome.message).to.include('the service db has ended with code 3');
    expect(job.log()).to.include('##[group]Service container db failed.\nno space\n').and.not.include('\nran\n');
  });

  it('that end while a step fails are named as the reason', async () => {
    const job = start(`
container: ${tinyImage}
services: { db: { image: ${tinyImage}, command: sh -c 'nc -l -p 80; echo crashed; exit 4' } }
steps:
  - run: until nc -w 1 db 80 < /dev/null; do sleep 0.1; done; sleep 1; exit 1`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'service_failed' });
    expect(outcome.message).to.include('the service db ended with code 4 while the job ran');
    expect(job.log()).to.include('\ncrashed\n');
  });

  it('leave nothing where the container of the job cannot start', async () => {
    const job = start(`
container: missing-image:1
services: { db: { image: ${tinyImage}, command: sleep 1000 } }
steps:
  - run: echo ran`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'image_unavailable' });
  });
});
