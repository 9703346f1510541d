import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { containerPolicyOf } from '../../../src/job/container-policy.ts';
import { loadConfig, type Overrides } from '../../../src/kernel/config.ts';
import { ownTrust, unknownTrust } from '../../../src/kernel/trust.ts';
import { tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { TestJobs } from '../../support/job.ts';

describe('what a container may do on the machine', function () {
  this.timeout(120_000);
  const jobs = new TestJobs();
  const used = useEngine();
  after(async () => {
    await jobs.clean();
    jobs.folders.remove();
  });

  /** Runs a script in a container with these settings, on a machine whose owner has set these. */
  async function run(container: string, script: string, settings: Overrides, trust = ownTrust) {
    const job = { repo: { name: 'app', url: '/app' }, trust };
    const containers = containerPolicyOf(loadConfig({ dataDir: jobs.folders.make(), ...settings }), job);
    const { outcome, log } = await jobs.run(`- run: ${script}`, {
      job: `container: { image: '${tinyImage}', ${container} }`,
      around: { engine: used.session.next(), containers },
    });
    return { ...outcome, log };
  }
  const all = { allowPrivileged: 'a*', allowVolumes: 'app' };

  it('is what its owner allows: volumes, capabilities and privileged containers', async () => {
    const folder = jobs.folders.make();
    writeFileSync(join(folder, 'note'), 'from the machine\n');
    const volume = await run(`volumes: ['${folder}:/given:ro']`, 'cat /given/note && ! touch /given/x', all);
    expect(volume.status, volume.log).to.equal('success');
    expect(volume.log).to.include('\nfrom the machine\n');
    const added = await run("options: '--cap-add SYS_ADMIN'", 'mount -t tmpfs none /home', all);
    expect(added.status, added.log).to.equal('success');
    const privileged = await run("options: '--privileged'", 'mount -t tmpfs none /home', all);
    expect(privileged.status, privileged.log).to.equal('success');
    const usual = await run("options: ''", 'mount -t tmpfs none /home', all);
    expect(usual.status, usual.log).to.equal('failure');
  });

  it('is nothing else: an error says by which flag the owner can allow it', async () => {
    const privileged = await run("options: '--privileged'", 'echo never', {});
    expect(privileged).to.include({ status: 'error', reason: 'unsupported' });
    expect(privileged.message).to.include('--allow-privileged');
    const stranger = await run("volumes: ['/srv:/srv']", 'echo never', all, unknownTrust('refs/heads/x'));
    expect(stranger).to.include({ status: 'error', reason: 'unsupported' });
    expect(stranger.message).to.include('on trusted refs');
    const image = await run("options: ''", 'echo never', { allowImages: 'node:*' });
    expect(image).to.include({ status: 'error', reason: 'unsupported' });
    expect(image.message).to.include(`the image docker.io/library/${tinyImage} is not among those`);
  });

  it("is never the engine's socket", async () => {
    const { socket } = used.engine;
    const around = join(jobs.folders.make(), 'deep');
    mkdirSync(around);
    const back = '/..'.repeat(around.split('/').length - 1);
    for (const path of [socket, dirname(socket), `${around}${back}${socket}`, '/']) {
      const { status, message, log } = await run(`volumes: ['${path}:/given']`, 'echo never', all);
      expect(status, log).to.equal('failure');
      expect(message).to.include('no container gets the volume');
    }
  });
});
