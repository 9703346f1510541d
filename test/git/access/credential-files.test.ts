import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Access, withCredential } from '../../../src/git/access/credential-files.ts';
import { deployKeyOf, fingerprintsOf, makeDeployKey, scanHostKeys } from '../../../src/git/access/deploy-key.ts';
import { checkOut } from '../../../src/git/checkout.ts';
import { limitHistory } from '../../../src/git/limit-history.ts';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { listRemote } from '../../../src/git/remote/remote-refs.ts';
import type { Credential } from '../../../src/secrets/credential.ts';
import { startChild } from '../../support/child.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { GitOverSsh, hasSshd } from '../../support/git-over-ssh.ts';
import { TestRepository } from '../../support/repository.ts';

const password = "caña'ry $(id) %41 /@:";

const accessTo = (url: string, credential: Credential | undefined): Access => ({
  url,
  credential: async () => credential,
});

describe('a credential for git', () => {
  const folders = new TestFolders();
  const repository = new TestRepository({ 'a.txt': 'a\n' });
  const top = dirname(repository.path);
  const path = `${basename(repository.path)}/.git`;

  after(() => {
    repository.remove();
    folders.remove();
  });

  /** Folders that hold a credential just now. */
  const lent = () => readdirSync('/dev/shm').filter((name) => name.startsWith(`volt-access-${process.pid}-`));

  /** The credential that git's helper has at this moment. */
  const shown = () => readFileSync(join('/dev/shm', String(lent()[0]), 'credentials'), 'utf8');

  describe('over HTTP', () => {
    let server: GitOverHttp;
    const right: Credential = { kind: 'https', user: 'ada', password };

    before(async () => {
      server = await GitOverHttp.start(top, 'ada', password);
    });
    after(() => server.stop());

    it('lists and fetches a private repository', async () => {
      const url = server.url(path);
      await failure('git_failed', () => listRemote(url));
      const { heads } = await listRemote(url, { access: accessTo(url, right) });
      expect(heads.get('refs/heads/main')).to.equal(repository.head());
      const mirror = new Mirror(folders.make(), url);
      await failure('fetch_failed', () => mirror.fetch());
      await mirror.fetch({ access: accessTo(url, right) });
      expect(await mirror.has(repository.head())).to.equal(true);
    });

    it('is used with the user name and the port of the URL', async () => {
      const url = server.url(path, 'ada');
      const access = accessTo(url, { ...right, user: 'git' });
      expect((await listRemote(url, { access })).heads.size).to.equal(1);
      const port = (host: string) => withCredential(accessTo(`http://${host}/app`, right), async () => shown());
      expect(await port('Example.org:80')).to.include('@Example.org:80\n');
      expect(await port('[::1]:8080')).to.include('@[::1]:8080\n');
    });

    it('is deleted when the command ends, after success and failure', async () => {
      const url = server.url(path);
      await listRemote(url, { access: accessTo(url, right) });
      await failure('git_failed', () => listRemote(url, { access: accessTo(url, { ...right, password: 'wrong' }) }));
      expect(lent()).to.deep.equal([]);
    });

    it('is refused if it is wrong; the error hides the credential and has a remedy', async () => {
      const url = server.url(path);
      const wrong = { ...right, password: 'canary-password' };
      const error = await failure('git_failed', () => listRemote(url, { access: accessTo(url, wrong) }));
      expect(JSON.stringify([error.message, error.remedy, error.stack])).to.not.include('canary-password');
      expect(error.remedy).to.include('volt credential set');
    });

    it("is sent to no other host than the repository's", async () => {
      const { refused } = server.count;
      const elsewhere = accessTo('http://127.0.0.1:1/other', right);
      await failure('git_failed', () => listRemote(server.url(path), { access: elsewhere }));
      expect(server.count.refused).to.be.greaterThan(refused);
    });

    it('is not requested by commands that need no network', async () => {
      let asked = 0;
      const credential = async () => {
        asked++;
        return right;
      };
      const access: Access = { url: server.url(path), credential };
      const mirror = new Mirror(folders.make(), server.url(path));
      await mirror.fetch({ access });
      expect(asked).to.equal(1);
      const target = { folder: join(folders.make(), 'checkout'), sha: repository.head() };
      await checkOut(mirror, { ...target, url: server.url(path), ref: 'refs/heads/main' }, { access });
      await limitHistory(mirror, { ...target, depth: 0, tags: true }, { access });
      expect(asked).to.equal(1);
    });

    it('is in a file that only its owner can read, not in the environment or an argument', async () => {
      await withCredential(accessTo(server.url(path), right), async ({ environment, hidden }) => {
        const [folder] = lent();
        expect(statSync(join('/dev/shm', String(folder))).mode & 0o777).to.equal(0o700);
        const [file] = readdirSync(join('/dev/shm', String(folder)));
        expect(statSync(join('/dev/shm', String(folder), String(file))).mode & 0o777).to.equal(0o600);
        expect(hidden)
          .to.include(password)
          .and.include(Buffer.from(`ada:${password}`).toString('base64'));
        for (const part of hidden) expect(JSON.stringify(environment)).to.not.include(part);
      });
    });
  });

  describe('over ssh', () => {
    let server: GitOverSsh;

    before(async function () {
      if (!hasSshd()) return this.skip();
      server = await GitOverSsh.start();
    });
    after(() => server?.stop());

    it('fetches only with the deploy key and from a server with the known host key', async () => {
      const key = await makeDeployKey('volt app');
      expect(key.publicKey).to.match(/^ssh-ed25519 \S+ volt app$/);
      server.allow(key.publicKey);
      const url = server.url(repository.path);
      const knownHosts = server.knownHosts();
      const access = accessTo(url, { kind: 'ssh', privateKey: key.privateKey, knownHosts });
      expect((await listRemote(url, { access })).heads.get('refs/heads/main')).to.equal(repository.head());
      const mirror = new Mirror(folders.make(), url);
      await mirror.fetch({ access });
      expect(await mirror.has(repository.head())).to.equal(true);
      expect(lent()).to.deep.equal([]);

      const other = accessTo(url, { kind: 'ssh', privateKey: (await makeDeployKey('other')).privateKey, knownHosts });
      const error = await failure('git_failed', () => listRemote(url, { access: other }));
      expect(error.remedy).to.include('volt credential set');
    });

    it('is not offered to a server with an unknown host key', async () => {
      const key = await makeDeployKey('volt app');
      server.allow(key.publicKey);
      const url = server.url(repository.path);
      const access = accessTo(url, { kind: 'ssh', privateKey: key.privateKey, knownHosts: server.knownHosts() });
      server.renewHostKey();
      await server.restart();
      const error = await failure('git_failed', () => listRemote(url, { access }));
      expect(error.remedy).to.include('another key');
    });

    it('can store the host keys that the server shows, with their fingerprints', async () => {
      const url = server.url('/x');
      const shown = await scanHostKeys(url);
      expect(shown).to.include(server.knownHosts().trim());
      expect(await fingerprintsOf(shown)).to.satisfy((prints: string[]) =>
        prints.every((print) => /^ED25519 SHA256:\S+$/.test(print)),
      );
    });
  });

  it('reads the public key of a private key, and refuses an invalid key', async function () {
    if (!hasSshd()) return this.skip();
    const { privateKey, publicKey } = await makeDeployKey('x');
    expect(await deployKeyOf(privateKey.replace(/\n$/, ''))).to.deep.equal({ privateKey, publicKey });
    const { message, remedy } = await failure('bad_request', () => deployKeyOf('canary'));
    expect(message + remedy).to.not.include('canary');
    await failure('bad_request', () => fingerprintsOf('canary\n'));
    await failure('fetch_failed', () => scanHostKeys('ssh://git@127.0.0.1:1/x'));
  });

  it('leaves no file of a killed process behind', async () => {
    const dead = '/dev/shm/volt-access-4194303-0000000000000000';
    mkdirSync(dead);
    utimesSync(dead, 1, 1);
    // each process removes leftovers once, so a new process does it here
    const child = startChild(`
      import { withPrivateFolder } from './src/git/access/credential-files.ts';
      await withPrivateFolder(async () => undefined);
      console.log('done');
    `);
    await child.line();
    await child.ended();
    expect(readdirSync('/dev/shm')).to.not.include(basename(dead));
  });
});
