import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { containerPolicyOf } from '../../src/job/container-policy.ts';
import { machinePath } from '../../src/job/containers/machine-path.ts';
import { fitsImageGlobs } from '../../src/job/image-globs.ts';
import { loadConfig, type Overrides } from '../../src/kernel/config.ts';
import { asVoltError } from '../../src/kernel/errors.ts';
import { TestFolders } from '../support/folder.ts';

describe('what the owner of a machine lets containers do', () => {
  const folders = new TestFolders();
  after(folders.remove);
  const policy = (settings: Overrides, name = 'app', trusted = true) =>
    containerPolicyOf(loadConfig(settings), { repo: { name, url: '/app' }, trust: { trusted, class: 'x' } });

  it('is nothing on the machine by default, and all images', () => {
    expect(policy({}).rights).to.deep.equal({ privileged: 'refused', volumes: 'refused' });
    expect(policy({})).to.include({ isListed: false });
    expect(policy({}).allows('example.org/any:1')).to.equal(true);
  });

  it('is for the named repositories, and there for trusted refs', () => {
    const settings = { allowPrivileged: 'other, deploy-*', allowVolumes: 'app' };
    expect(policy(settings).rights).to.deep.equal({ privileged: 'refused', volumes: 'allowed' });
    expect(policy(settings, 'app', false).rights).to.deep.equal({ privileged: 'refused', volumes: 'untrusted' });
    expect(policy(settings, 'deploy-1').rights).to.deep.equal({ privileged: 'allowed', volumes: 'refused' });
  });

  it('fails at the start where it names no repositories', () => {
    expect(() => loadConfig({ allowVolumes: 'App/Repo' })).to.throw('VOLT_ALLOW_VOLUMES must be comma-separated');
  });

  it('may be some images only, by patterns of their full names', () => {
    const allowed: [glob: string, image: string][] = [
      ['node', 'docker.io/library/node:22'],
      ['node:22', 'docker.io/library/node:22'],
      ['node:*', 'docker.io/library/node:22-alpine'],
      ['acme/*', 'docker.io/acme/tool:1'],
      ['ghcr.io/acme/*', 'ghcr.io/acme/deep/tool:1'],
      ['localhost:5000/x', `localhost:5000/x@sha256:${'a'.repeat(64)}`],
      ['*', 'quay.io/x/y:1'],
      ['node:*', `docker.io/library/node:22@sha256:${'a'.repeat(64)}`],
      [`node@sha256:${'a'.repeat(64)}`, `docker.io/library/node:22@sha256:${'a'.repeat(64)}`],
      [`node:22@sha256:${'a'.repeat(64)}`, `docker.io/library/node@sha256:${'a'.repeat(64)}`],
    ];
    for (const [glob, image] of allowed) expect(fitsImageGlobs(['nothing', glob], image), glob).to.equal(true);
    const refused: [glob: string, image: string][] = [
      ['node', 'docker.io/library/nodes:22'],
      ['node', 'docker.io/evil/node:22'],
      ['node:22', 'docker.io/library/node:2'],
      // a digest may be any version
      ['node:22', `docker.io/library/node:22@sha256:${'a'.repeat(64)}`],
      ['node:22-*', `docker.io/library/node:22-x@sha256:${'a'.repeat(64)}`],
      ['node:22*', `docker.io/library/node@sha256:${'a'.repeat(64)}`],
      [`node:22@sha256:${'a'.repeat(64)}`, `docker.io/library/node:22@sha256:${'b'.repeat(64)}`],
      ['ghcr.io/acme/*', 'ghcr.io.evil.org/acme/x:1'],
    ];
    for (const [glob, image] of refused) expect(fitsImageGlobs([glob], image), `${glob} ${image}`).to.equal(false);
    expect(policy({ allowImages: 'node, postgres:*' }).allows('docker.io/library/redis:8')).to.equal(false);
  });

  it("is never the engine's socket, another socket, Volt's data or the processes of the machine", async () => {
    const folder = folders.make();
    for (const name of ['data/keys', 'free', 'run']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'free/file'), '');
    const socket = join(folder, 'run/engine.sock');
    const server = createServer().listen(socket);
    symlinkSync(socket, join(folder, 'free/link'));
    symlinkSync(join(folder, 'run'), join(folder, 'linked'));
    const closed = [socket, join(folder, 'data')];
    const path = (name: string) => {
      try {
        return machinePath(join(folder, name), closed);
      } catch (error) {
        return asVoltError(error).message;
      }
    };
    try {
      for (const name of ['run/engine.sock', 'run', 'linked', 'free/link', 'data', 'data/keys', '.', '../..'])
        expect(path(name), name).to.match(/^no container gets the volume /);
      expect(path('free')).to.equal(join(folder, 'free'));
      expect(path('free/file')).to.equal(join(folder, 'free/file'));
      expect(path('absent')).to.include('is not on the machine of the runner');
      for (const name of ['/proc', '/proc/self/root', '/proc/1', '/run/podman', '/var/lib'])
        expect(() => machinePath(name, closed), name).to.throw();
    } finally {
      server.close();
    }
  });
});
