import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { parseSource } from '../../../src/git/access/source.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { TestRepository } from '../../support/repository.ts';

describe('the address of a repository to add', () => {
  const folders = new TestFolders();
  const repository = new TestRepository({ 'a.txt': 'a\n' });

  after(() => {
    repository.remove();
    folders.remove();
  });

  const urls = [
    'https://example.com/acme/app.git',
    'http://example.com:8080/app',
    'https://ada@example.com/app.git',
    'HTTPS://example.com/app.git',
    'ssh://git@example.com/acme/app.git',
    'ssh://git@example.com:2222/~ada/app',
    'ssh://git@[::1]:2222/app',
    'git://example.com/app',
    'git@example.com:acme/app.git',
    'example.com:acme/app.git',
    'git@example.com:/srv/app.git',
    'git@example.com:~ada/app',
  ];
  for (const url of urls) {
    it(`accepts the URL ${url}`, () => {
      expect(parseSource(url)).to.deep.equal({ kind: 'url', url });
      expect(parseSource(`  ${url}\n`)).to.deep.equal({ kind: 'url', url });
    });
  }

  const refused = [
    '',
    ' ',
    '-',
    '--upload-pack=touch /tmp/x',
    '-oProxyCommand=x:app',
    'ext::sh -c id',
    'ext::https://example.com/app',
    'fd::17',
    'http::https://example.com/app',
    'transport-helper::x',
    'ext://example.com/app',
    'ftp://example.com/app',
    'javascript://example.com/app',
    'file://elsewhere/app',
    'file:///%00app',
    'file:///a%2Fb',
    'https://',
    'https://example.com',
    'https://example.com/',
    'https:///app',
    'https://exa mple.com/app',
    'https://example.com:port/app',
    'ssh://-oProxyCommand=id/app',
    'ssh://git@-oProxyCommand=id/app',
    'https://-host/app',
    'https://example.com\\@example.org/app',
    'https://example.com/app\nurl = ext::id',
    'https://example.com/app\0',
    'git@example.com:app\u0007',
    'git@example.com:app\u009b',
  ];
  for (const text of refused) {
    it(`is not ${JSON.stringify(text)}, which is refused`, async () => {
      await failure('bad_url', () => parseSource(text));
    });
  }

  const notThere = [
    'nowhere',
    './nowhere',
    '/nowhere/at/all',
    '~/nowhere/at/all',
    'git@-host:app',
    'git@example.com:-app',
    'host: app',
    'a b:c',
  ];
  for (const text of notThere) {
    it(`${JSON.stringify(text)} is a path, and is refused without a repository there`, async () => {
      await failure('no_repository', () => parseSource(text));
    });
  }

  for (const [given, url, user, password] of [
    ['https://ada:secret@example.com/app', 'https://example.com/app', 'ada', 'secret'],
    ['HTTP://ada:s%40c%2Fret@example.com:81/app', 'HTTP://example.com:81/app', 'ada', 's@c/ret'],
    ['https://ada:p@ss@example.com/a@b', 'https://example.com/a@b', 'ada', 'p@ss'],
    ['https://:secret@example.com/app', 'https://example.com/app', 'git', 'secret'],
    ['https://ada:50%@example.com/app', 'https://example.com/app', 'ada', '50%'],
    ['https://ghp_0123456789abcdefABCD@example.com/app', 'https://example.com/app', 'ghp_0123456789abcdefABCD', ''],
  ] as const) {
    it(`is stored without its password, as for ${given}`, () => {
      expect(parseSource(given)).to.deep.equal({ kind: 'url', url, credential: { user, password } });
    });
  }

  it('is refused with a password that no protocol uses, and the error hides the password', async () => {
    for (const url of [
      'https://ada:secret@example.com/',
      'https://ada:se/secret@example.com/app',
      'ftp://ada:secret@example.com/app',
      'ssh://git:secret@example.com/app',
      'git://ada:secret@example.com/app',
      'git:secret@example.com:app',
      'https://a\\:secret@example.com/app',
    ]) {
      const error = await failure('bad_url', () => parseSource(url));
      expect(error.message + error.remedy).to.not.include('secret');
    }
  });

  it('may be the path of a work tree in every notation', () => {
    const real = realpathSync(repository.path);
    for (const path of [
      repository.path,
      `${repository.path}/`,
      relative(process.cwd(), repository.path),
      pathToFileURL(repository.path).href,
    ]) {
      expect(parseSource(path), path).to.deep.equal({ kind: 'path', url: real });
    }
  });

  it('may start with ~', async () => {
    const error = await failure('no_repository', () => parseSource('~/there is no such folder'));
    expect(error.message).to.include(homedir());
  });

  it('may be a link to a repository, which is stored with its real path', () => {
    const link = join(folders.make(), 'link');
    symlinkSync(repository.path, link);
    expect(parseSource(link)).to.deep.equal({ kind: 'path', url: realpathSync(repository.path) });
  });

  it('may be a bare repository or a linked work tree', () => {
    const folder = realpathSync(folders.make());
    repository.git('clone', '--quiet', '--bare', '.', join(folder, 'bare.git'));
    repository.git('worktree', 'add', '--quiet', '-b', 'linked', join(folder, 'linked'));
    for (const name of ['bare.git', 'linked']) {
      expect(parseSource(join(folder, name))).to.deep.equal({ kind: 'path', url: join(folder, name) });
    }
  });

  it('may be an existing path that looks like an ssh URL', () => {
    const folder = realpathSync(folders.make());
    repository.git('clone', '--quiet', '.', join(folder, 'host:app'));
    expect(parseSource(join(folder, 'host:app'))).to.deep.equal({ kind: 'path', url: join(folder, 'host:app') });
  });

  it('is refused for a folder without a repository, a folder inside a repository and a file', async () => {
    mkdirSync(join(repository.path, 'inside'), { recursive: true });
    const file = join(folders.make(), 'file');
    writeFileSync(file, '');
    for (const path of [folders.make(), join(repository.path, 'inside'), file]) {
      const error = await failure('no_repository', () => parseSource(path));
      expect(error.message).to.include(path);
    }
  });
});
