import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { detectGroupKind } from '../../../src/exec/group-kind.ts';
import type { Limits } from '../../../src/exec/limits.ts';
import { ProcessGroup } from '../../../src/exec/process-group.ts';
import { jobEnvironment } from '../../../src/system/environment.ts';
import { engineKind, limitsContainers, tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { TestJobs } from '../../support/job.ts';

const megabyte = 1_048_576;

describe('the containers of a job', function () {
  this.timeout(120_000);
  const jobs = new TestJobs();
  const opened: ProcessGroup[] = [];
  const used = useEngine();
  afterEach(async () => {
    for (const processes of opened.splice(0)) await processes.close();
    await jobs.clean();
  });
  after(async () => {
    jobs.folders.remove();
  });

  async function run(limits: Limits, steps: string, job = `container: ${tinyImage}`, env = jobEnvironment()) {
    const processes = await ProcessGroup.open(3600, await detectGroupKind(), { limits });
    opened.push(processes);
    const around = { engine: used.session.next(), processes: Promise.resolve(processes), env };
    const { outcome, log } = await jobs.run(steps, { job, around });
    return { ...outcome, log };
  }
  /** A shell's line that needs so many megabytes at once. */
  const use = (megabytes: number) => `dd if=/dev/zero of=/dev/null bs=${megabytes}M count=1`;
  const ofMemory = 'the job was ended: more than 64 MB of memory (';

  it('are held to the memory of the job, a step in one and a docker action', async function () {
    if (!limitsContainers()) return this.skip();
    const limits = { memory: 64 * megabyte };
    const step = await run(limits, `- run: ${use(20)}; ${use(200)}`);
    expect(step, step.log).to.include({ status: 'failure', reason: 'resource_limit', exitCode: 137 });
    expect(step.message).to.include(ofMemory);
    const action = await run(
      limits,
      `- uses: docker://${tinyImage}\n  with: { entrypoint: /bin/sh, args: -c "${use(20)} && ${use(200)}" }`,
      '',
    );
    expect(action, action.log).to.include({ status: 'failure', reason: 'resource_limit', exitCode: 137 });
    expect(action.message).to.include(ofMemory);
  });

  it('are held to the memory of the job together', async function () {
    // Docker limits each for itself
    if (engineKind === 'docker' || !limitsContainers()) return this.skip();
    // the kernel ends the largest process, which has to be that of the step whenever the limit is reached
    const hold = 'dd if=/dev/zero bs=22M count=1 | (head -c 1 >/dev/null; touch /tmp/ready; sleep 300)';
    const health = '--health-cmd "test -f /tmp/ready" --health-interval 1s --health-retries 60';
    const service = `{ image: '${tinyImage}', entrypoint: /bin/sh, command: '-c "${hold}"', options: '${health}' }`;
    const job = `container: ${tinyImage}\nservices: { other: ${service} }`;
    const both = await run({ memory: 64 * megabyte }, `- run: ${use(50)}`, job);
    expect(both, both.log).to.include({ status: 'failure', reason: 'resource_limit' });
    expect(both.message).to.include(ofMemory);
    const alone = await run({ memory: 64 * megabyte }, `- run: ${use(50)}`);
    expect(alone, alone.log).to.include({ status: 'success' });
  });

  it('end the job with its limit when a service exceeds it', async function () {
    if (!limitsContainers()) return this.skip();
    const service = `{ image: '${tinyImage}', entrypoint: /bin/sh, command: '-c "exec ${use(200)}"', options: '--health-cmd false' }`;
    const ended = await run({ memory: 64 * megabyte }, '- run: echo never', `services: { db: ${service} }`);
    expect(ended, ended.log).to.include({ status: 'failure', reason: 'resource_limit' });
    expect(ended.message).to.include('the service db was ended: more than 64 MB of memory');
  });

  it('are held to its processes, file sizes and processor time', async () => {
    if (limitsContainers()) {
      const many = await run({ processes: 20 }, '- run: for i in $(seq 40); do sleep 60 & done');
      expect(many, many.log).to.include({ status: 'failure', reason: 'resource_limit' });
      expect(many.message).to.include('had more than 20 processes at once');
    }
    const file = await run({ fileSize: megabyte }, '- run: dd if=/dev/zero of=large bs=1M count=3');
    expect(file, file.log).to.include({ status: 'failure', reason: 'resource_limit' });
    expect(file.message).to.include('it wrote a file of more than 1 MB');
    const busy = await run({ cpuTime: 1 }, '- run: exec sh -c "while :; do :; done"');
    expect(busy, busy.log).to.include({ status: 'failure', reason: 'resource_limit' });
    expect(busy.message).to.include('more than 1 s of processor time');
  });

  it('have the proxies of the machine in both cases of letters, and its certificates', async () => {
    const certificates = join(jobs.folders.make(), 'ca.pem');
    writeFileSync(certificates, 'trusted\n');
    const env = { ...jobEnvironment(), http_proxy: 'http://proxy.example:3128', NO_PROXY: 'localhost', all_proxy: '' };
    const around = { ...env, NODE_EXTRA_CA_CERTS: certificates, SSL_CERT_FILE: '/absent.pem' };
    const script = 'env | grep -i "^[a-z]*_proxy=" | sort; cat "$NODE_EXTRA_CA_CERTS"; echo "<$SSL_CERT_FILE>"';
    const expected =
      'HTTP_PROXY=http://proxy.example:3128\nNO_PROXY=localhost\nhttp_proxy=http://proxy.example:3128\nno_proxy=localhost\ntrusted\n<>\n';
    const step = await run({}, `- run: ${script}`, undefined, around);
    expect(step.log).to.include(expected);
    const args = `-c '${script}'`;
    const action = `- uses: docker://${tinyImage}\n  with:\n    entrypoint: /bin/sh\n    args: >-\n      ${args}`;
    const inAction = await run({}, action, '', around);
    expect(inAction.log).to.include(expected);
  });
});
