import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { Access } from '../../src/git/access/credential-files.ts';
import { makeDeployKey } from '../../src/git/access/deploy-key.ts';
import {
  type FetchPolicy,
  type FetchRules,
  JobFetchPolicy,
  ownerFetchPolicy,
} from '../../src/git/access/fetch-policy.ts';
import { submoduleUrl } from '../../src/git/access/submodule-url.ts';
import { checkOut } from '../../src/git/checkout.ts';
import { git } from '../../src/git/command/git.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { checkOutSubmodules } from '../../src/git/submodules.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { GitOverSsh, hasSshd } from '../support/git-over-ssh.ts';
import { TestRepository } from '../support/repository.ts';

describe('the address of a submodule', () => {
  const https = 'https://git.example/team/app.git';
  const understood: [string, string, string][] = [
    [https, '../lib.git', 'https://git.example/team/lib.git'],
    [https, '../../other/lib', 'https://git.example/other/lib'],
    [https, './../lib', 'https://git.example/team/lib'],
    [https, './sub', 'https://git.example/team/app.git/sub'],
    [`${https}/`, '../lib', 'https://git.example/team/lib'],
    ['git@git.example:team/app.git', '../lib', 'git@git.example:team/lib'],
    ['git@git.example:app.git', '../lib', 'git@git.example:lib'],
    ['ssh://git@git.example:2222/team/app', '../lib', 'ssh://git@git.example:2222/team/lib'],
    [https, 'https://elsewhere.example/lib', 'https://elsewhere.example/lib'],
    ['/srv/git/app', 'git@git.example:team/lib', 'git@git.example:team/lib'],
  ];
  for (const [parent, url, meant] of understood) {
    it(`"${url}" in ${parent} is ${meant}`, () => expect(submoduleUrl(parent, url)).to.equal(meant));
  }

  const refused: [string, string][] = [
    [https, '../../../../etc'],
    [https, '../../../evil.example/lib'],
    [https, 'ext::sh -c id'],
    [https, '--upload-pack=touch /tmp/x'],
    [https, '-oProxyCommand=id'],
    [https, 'ssh://-oProxyCommand=id/x'],
    [https, '/etc'],
    [https, 'file:///etc'],
    [https, 'lib'],
    [https, ''],
    [https, 'https://x.example/a\nurl = ext::id'],
    ['/srv/git/app', '/etc'],
    ['/srv/git/app', '../../../etc'],
    ['/srv/git/app', '../nowhere-at-all'],
  ];
  for (const [parent, url] of refused) {
    it(`${JSON.stringify(url)} in ${parent} is refused`, () => failure('bad_url', () => submoduleUrl(parent, url)));
  }
});

describe('the submodules of a checkout', () => {
  const folders = new TestFolders();
  const made: TestRepository[] = [];
  let top: string;
  let mirrors: string;

  beforeEach(() => {
    top = realpathSync(folders.make());
    mirrors = folders.make();
  });

  after(() => {
    for (const each of made) each.remove();
    folders.remove();
  });

  /** A bare repository at that name in the folder `top`. */
  function publish(
    name: string,
    files: Record<string, string>,
    modules: Record<string, [url: string, sha: string]> = {},
  ) {
    const repository = new TestRepository(files);
    made.push(repository);
    const entries = Object.entries(modules);
    if (entries.length > 0) {
      const text = entries.map(([path, [url]]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`).join('');
      writeFileSync(join(repository.path, '.gitmodules'), text);
      repository.git('add', '.gitmodules');
      for (const [path, [, sha]] of entries)
        repository.git('update-index', '--add', '--cacheinfo', `160000,${sha},${path}`);
      repository.git('commit', '--quiet', '--message', 'with submodules');
    }
    repository.git('clone', '--quiet', '--bare', '.', join(top, name));
    return { url: join(top, name), sha: repository.head() };
  }

  async function take(
    from: { url: string; sha: string },
    options: Parameters<typeof checkOutSubmodules>[1] = {},
    fetchPolicy: FetchPolicy = ownerFetchPolicy,
  ) {
    const folder = join(folders.make(), 'workspace');
    await checkOut(new Mirror(mirrors, from.url), { ...from, ref: 'refs/heads/main', folder }, options);
    return { folder, paths: await checkOutSubmodules({ mirrors, ...from, folder }, options, { fetchPolicy }) };
  }
  const content = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

  it('are checked out at the recorded commit, recursively', async () => {
    const deep = publish('deep.git', { 'deep.txt': 'deep\n' });
    const lib = publish('lib.git', { 'lib.txt': 'lib\n' }, { inner: ['../deep.git', deep.sha] });
    const app = publish('app.git', { 'app.txt': 'app\n' }, { 'parts/lib': ['../lib.git', lib.sha] });
    const { folder, paths } = await take(app);
    expect(paths).to.deep.equal(['parts/lib', 'parts/lib/inner']);
    expect(content(folder, 'parts/lib/lib.txt')).to.equal('lib\n');
    expect(content(folder, 'parts/lib/inner/deep.txt')).to.equal('deep\n');
    expect(await git(folder, ['status', '--porcelain=v1', '--branch'])).to.equal('## main\n');
    expect(await git(folder, ['submodule', 'status', '--recursive'])).to.match(
      new RegExp(`^ ${lib.sha} parts/lib .*\n ${deep.sha} parts/lib/inner`),
    );
  });

  it('are checked out without nested submodules if requested', async () => {
    const deep = publish('deep1.git', { 'deep.txt': 'deep\n' });
    const lib = publish('lib1.git', { 'lib.txt': 'lib\n' }, { inner: ['../deep1.git', deep.sha] });
    const app = publish('app1.git', { 'app.txt': 'app\n' }, { lib: ['../lib1.git', lib.sha] });
    const folder = join(folders.make(), 'workspace');
    await checkOut(new Mirror(mirrors, app.url), { ...app, ref: 'refs/heads/main', folder });
    expect(
      await checkOutSubmodules({ mirrors, ...app, folder }, {}, { fetchPolicy: ownerFetchPolicy, recursive: false }),
    ).to.deep.equal(['lib']);
    expect(readdirSync(join(folder, 'lib/inner'))).to.deep.equal([]);
  });

  it('are an empty list without submodules, and stay empty without an address', async () => {
    const plain = publish('plain.git', { 'a.txt': 'a\n' });
    expect((await take(plain)).paths).to.deep.equal([]);
    const odd = new TestRepository({ 'a.txt': 'a\n', '.gitmodules': '[submodule "x"]\n\tpath = x\n' });
    made.push(odd);
    odd.git('update-index', '--add', '--cacheinfo', `160000,${plain.sha},x`);
    odd.git('commit', '--quiet', '--message', 'x');
    const { folder, paths } = await take({ url: odd.path, sha: odd.head() });
    expect(paths).to.deep.equal([]);
    expect(readdirSync(join(folder, 'x'))).to.deep.equal([]);
  });

  it('are refused for commands as addresses, paths on the machine and missing commits', async () => {
    const marker = join(folders.make(), 'was-run');
    const outside = join(realpathSync(folders.make()), 'private');
    const hidden = publish('hidden.git', { 'secret.txt': 'secret\n' });
    await git('/', ['clone', '--quiet', '--bare', '--progress', '--', hidden.url, outside]);
    for (const [name, url, sha, code] of [
      ['a', `ext::sh -c touch% ${marker}`, hidden.sha, 'bad_url'],
      ['b', outside, hidden.sha, 'bad_url'],
      ['c', `../../${dirname(outside).split('/').at(-1)}/private`, hidden.sha, 'bad_url'],
      ['d', `file://${outside}`, hidden.sha, 'bad_url'],
    ] as const) {
      const app = publish(`app-${name}.git`, {}, { lib: [url, sha] });
      await failure(code, () => take(app));
    }
    const missing = publish('missing.git', {}, { lib: ['../hidden.git', 'd'.repeat(40)] });
    const error = await take(missing).catch((reason) => reason);
    expect(error).to.have.property('code').that.is.oneOf(['fetch_failed', 'commit_missing']);
    expect(existsSync(marker)).to.equal(false);
  });

  it('are refused if a link would put them outside of the checkout', async () => {
    const lib = publish('lib2.git', { 'lib.txt': 'lib\n' });
    const app = publish('app2.git', { 'a.txt': 'a\n' }, { lib: ['../lib2.git', lib.sha] });
    const folder = join(folders.make(), 'workspace');
    await checkOut(new Mirror(mirrors, app.url), { ...app, ref: 'refs/heads/main', folder });
    const elsewhere = folders.make();
    rmSync(join(folder, 'lib'), { recursive: true });
    symlinkSync(elsewhere, join(folder, 'lib'));
    await failure('git_failed', () =>
      checkOutSubmodules({ mirrors, ...app, folder }, {}, { fetchPolicy: ownerFetchPolicy }),
    );
    expect(readdirSync(elsewhere)).to.deep.equal([]);
  });

  it('are refused if they contain each other endlessly', async () => {
    let inner = publish('level0.git', { 'a.txt': '0\n' });
    for (let level = 1; level <= 10; level++)
      inner = publish(`level${level}.git`, { 'a.txt': `${level}\n` }, { in: [`../level${level - 1}.git`, inner.sha] });
    await failure('too_large', () => take(inner));
  });

  describe('in a private repository', () => {
    let own: GitOverHttp;
    let other: GitOverHttp;

    beforeEach(async () => {
      own = await GitOverHttp.start(top, 'ada', 'secret');
      other = await GitOverHttp.start(top, 'ada', 'secret');
    });

    afterEach(() => Promise.all([own.stop(), other.stop()]));

    /** Checks submodules out as a job of that repository does. */
    async function takeAs(
      app: { url: string; sha: string },
      rules: Partial<FetchRules> = {},
      access: Access = {
        url: app.url,
        credential: async () => ({ kind: 'https' as const, user: 'ada', password: 'secret' }),
      },
    ) {
      const usual = { trusted: true, network: { kind: 'on' }, actionsUrl: 'https://github.com' } as const;
      const more = { sharesCredential: true, machineCredentials: [], neighbours: [], servers: [] };
      return take(app, { access }, new JobFetchPolicy({ ...usual, ...more, url: app.url, access, ...rules }));
    }

    it('are fetched with its credential from its own server if configured and for trusted refs', async () => {
      const lib = publish('lib3.git', { 'lib.txt': 'lib\n' });
      const app = { sha: publish('near.git', {}, { lib: ['../lib3.git', lib.sha] }).sha, url: own.url('near.git') };
      const { folder } = await takeAs(app);
      expect(content(folder, 'lib/lib.txt')).to.equal('lib\n');
      expect(content(folder, '.git/config')).to.not.include('secret');
      const refused = await failure('fetch_failed', () => takeAs(app, { trusted: false }));
      expect(refused.remedy).to.include('VOLT_SHARE_CREDENTIAL');
      await failure('fetch_failed', () => takeAs(app, { sharesCredential: false }));
    });

    it("are fetched over ssh only with its key, not with keys of the machine's user", async function () {
      if (!hasSshd()) return this.skip();
      const ssh = await GitOverSsh.start();
      try {
        const key = await makeDeployKey('volt');
        ssh.allow(key.publicKey);
        const lib = publish('lib5.git', { 'lib.txt': 'lib\n' });
        const { sha } = publish('keyed.git', {}, { lib: ['../lib5.git', lib.sha] });
        const url = ssh.url(join(top, 'keyed.git'));
        const known = { kind: 'ssh' as const, privateKey: key.privateKey, knownHosts: ssh.knownHosts() };
        const access = { url, credential: async () => known };
        const { folder } = await takeAs({ url, sha }, { access }, access);
        expect(content(folder, 'lib/lib.txt')).to.equal('lib\n');
        for (const rules of [{ trusted: false }, { sharesCredential: false }])
          await failure('address_refused', () => takeAs({ url, sha }, { access, ...rules }, access));
      } finally {
        await ssh.stop();
      }
    });

    it('are fetched from other servers without its credential', async () => {
      const lib = publish('lib4.git', { 'lib.txt': 'lib\n' });
      const { sha } = publish('far.git', {}, { lib: [other.url('lib4.git'), lib.sha] });
      await failure('fetch_failed', () => takeAs({ url: own.url('far.git'), sha }, { actionsUrl: other.url('') }));
      expect(other.count.served).to.equal(0);
      expect(other.count.refused).to.be.above(0);
    });
  });
});
