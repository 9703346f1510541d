import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { copyBorrowedObjects } from '../../src/git/borrowed-objects.ts';
import { checkOut } from '../../src/git/checkout.ts';
import { git } from '../../src/git/command/git.ts';
import { type GitRunner, ownRunner } from '../../src/git/command/runner.ts';
import { limitHistory } from '../../src/git/limit-history.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { removeMirror } from '../../src/git/mirror/prune.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const main = 'refs/heads/main';

describe('a checkout', () => {
  const folders = new TestFolders();
  const made: TestRepository[] = [];
  let repository: TestRepository;
  let mirror: Mirror;

  before(() => {
    repository = repositoryOf({
      'a.txt': 'a\n',
      'run.sh': '#!/bin/sh\n',
      'folder/größe.txt': 'ä\r\n',
      'with space': ' ',
      '.hidden': '',
    });
    mirror = new Mirror(folders.make(), repository.path);
  });

  after(() => {
    for (const each of made) each.remove();
    folders.remove();
  });

  function repositoryOf(files: Record<string, string>): TestRepository {
    const each = new TestRepository(files);
    made.push(each);
    return each;
  }

  const newFolder = () => join(folders.make(), 'workspace');
  // readdir's own recursion follows links, on some versions of Node
  const below = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? below(path) : [path];
    });
  const files = (folder: string) =>
    below(folder)
      .map((path) => path.slice(folder.length + 1))
      .filter((name) => !name.startsWith('.git/'))
      .sort();
  const inside = (folder: string, ...args: string[]) => git(folder, args).then((text) => text.trim());

  async function take(sha = repository.head(), ref = main, from = repository, by = mirror): Promise<string> {
    const folder = newFolder();
    await checkOut(by, { url: from.path, ref, sha, folder });
    return folder;
  }

  /** A mirror whose object was written right before a power cut. @param what the object, as git names it */
  async function cutMirror(power: TestRepository, what: string): Promise<Mirror> {
    const cut = new Mirror(folders.make(), power.path);
    await cut.fetch();
    const object = power.git('rev-parse', what);
    const file = join(cut.path, 'objects', object.slice(0, 2), object.slice(2));
    chmodSync(file, 0o644);
    writeFileSync(file, '');
    return cut;
  }

  it('leaves a mirror alone that another job has made anew after a power cut', async () => {
    const power = repositoryOf({ 'a.txt': 'a\n' });
    const cut = await cutMirror(power, 'HEAD:a.txt');
    const anew = join(cut.path, 'made-anew');
    const runner: GitRunner = (command, hearer) =>
      ownRunner(command, hearer).catch(async (error) => {
        if (command.args[0] === 'reset') {
          await removeMirror(cut.path);
          await cut.fetch();
          writeFileSync(anew, '');
        }
        throw error;
      });
    const folder = newFolder();
    await checkOut(cut, { url: power.path, ref: main, sha: power.head(), folder }, { runner });
    expect(files(folder)).to.deep.equal(['a.txt']);
    expect(existsSync(anew)).to.equal(true);
  });

  it('is complete after a power cut that emptied files of the mirror', async () => {
    const power = repositoryOf({ 'a.txt': 'a\n' });
    const sha = power.head();
    for (const what of ['HEAD', 'HEAD^{tree}', 'HEAD:a.txt']) {
      const cut = await cutMirror(power, what);
      const folder = await take(sha, main, power, cut);
      expect(readFileSync(join(folder, 'a.txt'), 'utf8'), what).to.equal('a\n');
    }
  });

  describe('of a commit that the mirror does not have', () => {
    const late = async (inBetween: (own: Mirror) => Promise<unknown>) => {
      const own = new Mirror(folders.make(), repository.path);
      await own.fetch();
      const sha = repository.commit('late', { 'late.txt': `${Math.random()}` });
      let resets = 0;
      // another job changes the mirror after git has read it, and before this process knows
      const runner: GitRunner = (command, hearer) =>
        ownRunner(command, hearer).catch(async (error) => {
          if (command.args[0] === 'reset' && ++resets === 1) await inBetween(own);
          throw error;
        });
      const folder = newFolder();
      await checkOut(own, { url: repository.path, ref: main, sha, folder }, { runner });
      expect(resets).to.equal(1);
      expect(files(folder)).to.include('late.txt');
    };

    it('fetches the commit', () => late(async () => undefined));

    it('works if another job fetches the commit at the same time', () => late((own) => own.fetch()));

    it('works if another job removes the mirror at the same time', () => late((own) => removeMirror(own.path)));
  });

  it('has exactly the files of the commit, byte for byte', async () => {
    const folder = await take();
    expect(files(folder)).to.deep.equal(['.hidden', 'a.txt', 'folder/größe.txt', 'run.sh', 'with space']);
    for (const name of files(folder)) {
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(repository.path, name))), name).to.equal(true);
    }
  });

  it('has the modes and links of the commit', async () => {
    symlinkSync('a.txt', join(repository.path, 'link'));
    symlinkSync('/nowhere/at/all', join(repository.path, 'dangling'));
    const folder = await take(repository.commit('links'));
    expect(lstatSync(join(folder, 'run.sh')).mode & 0o111).to.not.equal(0);
    expect(lstatSync(join(folder, 'a.txt')).mode & 0o111).to.equal(0);
    expect(readlinkSync(join(folder, 'link'))).to.equal('a.txt');
    expect(readlinkSync(join(folder, 'dangling'))).to.equal('/nowhere/at/all');
  });

  it('has names of any bytes, and names that differ only in case', async () => {
    const odd = repositoryOf({
      'Name.txt': 'upper\n',
      'name.txt': 'lower\n',
      'line\nbreak\ttab': 'x\n',
      '-dash': 'y\n',
    });
    const bytes = Buffer.from('\xff\xfe name', 'latin1');
    writeFileSync(Buffer.concat([Buffer.from(`${odd.path}/`), bytes]), 'bytes\n');
    const sha = odd.commit('bytes');
    const folder = await take(sha, main, odd, new Mirror(folders.make(), odd.path));
    expect(readFileSync(join(folder, 'Name.txt'), 'utf8')).to.equal('upper\n');
    expect(readFileSync(join(folder, 'name.txt'), 'utf8')).to.equal('lower\n');
    expect(readFileSync(join(folder, 'line\nbreak\ttab'), 'utf8')).to.equal('x\n');
    expect(readFileSync(join(folder, '-dash'), 'utf8')).to.equal('y\n');
    expect(readFileSync(Buffer.concat([Buffer.from(`${folder}/`), bytes]), 'utf8')).to.equal('bytes\n');
    expect(await inside(folder, 'status', '--porcelain')).to.equal('');
  });

  it('creates links that lead outside as links, and writes no file through them', async () => {
    const outside = folders.make();
    const hostile = repositoryOf({ 'a.txt': 'a\n' });
    symlinkSync(outside, join(hostile.path, 'door'));
    symlinkSync('../../../etc/passwd', join(hostile.path, 'up'));
    const linked = hostile.commit('links');
    rmSync(join(hostile.path, 'door'));
    const plain = hostile.commit('a folder instead', { 'door/file.txt': 'x\n' });
    const copy = new Mirror(folders.make(), hostile.path);
    const first = await take(linked, main, hostile, copy);
    expect(readlinkSync(join(first, 'door'))).to.equal(outside);
    expect(readlinkSync(join(first, 'up'))).to.equal('../../../etc/passwd');
    expect(readFileSync(join(await take(plain, main, hostile, copy), 'door/file.txt'), 'utf8')).to.equal('x\n');
    expect(readdirSync(outside)).to.deep.equal([]);
  });

  it('is a clean repository on the branch', async () => {
    const folder = await take();
    expect(await inside(folder, 'status', '--porcelain=v1', '--branch')).to.equal('## main');
    expect(await inside(folder, 'rev-parse', 'HEAD')).to.equal(repository.head());
    expect(await inside(folder, 'symbolic-ref', 'HEAD')).to.equal(main);
    expect(await inside(folder, 'log', '--format=%s', '-1')).to.equal(repository.git('log', '--format=%s', '-1'));
    expect(await inside(folder, 'remote', 'get-url', 'origin')).to.equal(repository.path);
    await inside(folder, 'fsck', '--connectivity-only');
  });

  it('has a reflog only of later changes', async () => {
    const folder = await take();
    expect(existsSync(join(folder, '.git/logs'))).to.equal(false);
    await git(folder, [
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@x',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'mine',
    ]);
    for (const ref of ['HEAD', 'main'])
      expect(await inside(folder, 'reflog', '--format=%gs', ref)).to.equal('commit: mine');
    expect(await inside(folder, 'rev-parse', 'HEAD@{1}')).to.equal(repository.head());
  });

  it('can be on a branch of any name', async () => {
    repository.git('branch', 'feature/größe/x.y');
    const folder = await take(repository.head(), 'refs/heads/feature/größe/x.y');
    expect(await inside(folder, 'branch', '--show-current')).to.equal('feature/größe/x.y');
  });

  it('has a detached HEAD for a tag and for a commit', async () => {
    repository.git('tag', '--force', 'v1');
    for (const ref of ['refs/tags/v1', repository.head()]) {
      const folder = await take(repository.head(), ref);
      expect(await inside(folder, 'branch', '--show-current')).to.equal('');
      expect(await inside(folder, 'rev-parse', 'HEAD')).to.equal(repository.head());
    }
  });

  it('has the given commit even if the branch has moved', async () => {
    const old = repository.head();
    repository.commit('later', { 'later.txt': '' });
    const folder = await take(old);
    expect(existsSync(join(folder, 'later.txt'))).to.equal(false);
    expect(await inside(folder, 'rev-parse', main)).to.equal(old);
  });

  it('works for a commit that a forced push removed', async () => {
    const before = repository.head();
    const lost = repository.commit('lost', { 'lost.txt': '' });
    repository.git('reset', '--quiet', '--hard', before);
    expect(files(await take(lost))).to.include('lost.txt');
  });

  it('fetches only what the mirror does not have', async () => {
    const own = repositoryOf({ 'a.txt': 'a\n' });
    const copy = new Mirror(folders.make(), own.path);
    const sha = own.head();
    await copy.fetch();
    rmSync(own.path, { recursive: true });
    expect(files(await take(sha, main, own, copy))).to.deep.equal(['a.txt']);
  });

  it('has no file of another job, and its changes reach neither the next job nor the mirror', async () => {
    const first = await take();
    writeFileSync(join(first, 'a.txt'), 'changed');
    writeFileSync(join(first, 'untracked'), '');
    writeFileSync(join(first, '.git/hooks-were-here'), '');
    await git(first, ['-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--all', '--message', 'mine']);
    await git(first, ['update-ref', 'refs/heads/mine', 'HEAD']);
    const mine = await inside(first, 'rev-parse', 'HEAD');
    const second = await take();
    expect(await inside(second, 'status', '--porcelain')).to.equal('');
    expect(await inside(second, 'for-each-ref', '--format=%(refname)')).to.equal(main);
    expect(existsSync(join(second, 'untracked'))).to.equal(false);
    expect(await mirror.has(mine)).to.equal(false);
    expect(await inside(second, 'cat-file', '-t', mine).catch(() => 'not here')).to.equal('not here');
  });

  it('runs no program that the machine’s user has configured', async () => {
    const [home, folder] = [folders.make(), folders.make()];
    const marker = join(folder, 'was-run');
    const hook = `#!/bin/sh\ntouch ${marker}\n`;
    writeFileSync(
      join(home, '.gitconfig'),
      `[core]\n\thooksPath = hooks\n\tfsmonitor = ./hooks/monitor.sh\n[filter "known"]\n\tsmudge = touch ${marker}; cat\n`,
    );
    const hostile = repositoryOf({ '.gitattributes': '* filter=known\n', 'hooks/monitor.sh': hook, 'a.txt': 'a\n' });
    for (const name of ['post-index-change', 'post-checkout', 'reference-transaction']) {
      writeFileSync(join(hostile.path, 'hooks', name), hook, { mode: 0o755 });
    }
    hostile.commit('hooks');
    const before = process.env.HOME;
    process.env.HOME = home;
    try {
      const mirror = new Mirror(folders.make(), hostile.path);
      const checkout = await take(hostile.head(), main, hostile, mirror);
      await limitHistory(mirror, { folder: checkout, sha: hostile.head(), depth: 0, tags: true });
      await copyBorrowedObjects(checkout, undefined);
      expect(readFileSync(join(checkout, 'a.txt'), 'utf8')).to.equal('a\n');
      expect(existsSync(marker)).to.equal(false);
    } finally {
      process.env.HOME = before;
    }
  });

  it('runs no hook and no command from the commit', async () => {
    const marker = join(folders.make(), 'was-run');
    const hostile = repositoryOf({
      '.gitattributes': '* filter=evil diff=evil\n*.txt export-subst ident\n',
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% marker\n\tupdate = !touch marker\n',
      'hooks/post-checkout.sh': `#!/bin/sh\ntouch ${marker}\n`,
      '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${marker}\n`,
      'a.txt': '$Id$ $Format:%H$\n',
    });
    const folder = await take(hostile.head(), main, hostile, new Mirror(folders.make(), hostile.path));
    expect(existsSync(marker)).to.equal(false);
    expect(existsSync(join(folder, '.git/hooks'))).to.equal(false);
    expect(files(folder)).to.include('.gitmodules');
  });

  it('is refused for a commit that would write into .git', async () => {
    const blob = repository.git('hash-object', '-w', join(repository.path, 'run.sh'));
    const list = join(repository.path, '.git', 'tree-list');
    const raw = (entries: [string, string, string][]) => {
      writeFileSync(
        list,
        Buffer.concat(
          entries.map(([mode, name, sha]) =>
            Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')]),
          ),
        ),
      );
      return repository.git('hash-object', '-t', 'tree', '-w', '--literally', list);
    };
    const hooks = raw([['100755', 'post-checkout', blob]]);
    const root = raw([['40000', '.git', raw([['40000', 'hooks', hooks]])]]);
    const sha = repository.git('commit-tree', root, '-m', 'hostile');
    repository.git('update-ref', 'refs/heads/hostile', sha);
    const copy = new Mirror(folders.make(), repository.path);
    const folder = newFolder();
    const error = await checkOut(copy, { url: repository.path, ref: 'refs/heads/hostile', sha, folder }).catch(
      (reason: Error) => reason,
    );
    expect(error).to.have.property('code').that.is.oneOf(['git_failed', 'fetch_failed']);
    expect(existsSync(join(folder, '.git/hooks/post-checkout'))).to.equal(false);
    repository.git('update-ref', '-d', 'refs/heads/hostile');
  });

  it('has an empty folder for a submodule', async () => {
    repository.git('update-index', '--add', '--cacheinfo', `160000,${repository.head()},module`);
    repository.git('commit', '--quiet', '--message', 'with a submodule');
    const folder = await take();
    expect(readdirSync(join(folder, 'module'))).to.deep.equal([]);
    repository.git('reset', '--quiet', '--hard', 'HEAD^');
  });

  it('uses SHA-256 for a repository with SHA-256', async () => {
    const sha256 = repositoryOf({});
    rmSync(join(sha256.path, '.git'), { recursive: true });
    sha256.git('init', '--quiet', '--initial-branch=main', '--object-format=sha256');
    const sha = sha256.commit('one', { 'a.txt': 'a\n' });
    const folder = await take(sha, main, sha256, new Mirror(folders.make(), sha256.path));
    expect(await inside(folder, 'rev-parse', '--show-object-format')).to.equal('sha256');
    expect(await inside(folder, 'status', '--porcelain=v1', '--branch')).to.equal('## main');
  });

  it('is complete for a large file', async () => {
    const large = repositoryOf({ 'large.bin': 'x\0'.repeat(5_000_000) });
    const folder = await take(large.head(), main, large, new Mirror(folders.make(), large.path));
    expect(lstatSync(join(folder, 'large.bin')).size).to.equal(10_000_000);
  });

  it('is complete for many files, and follows no link', async () => {
    const names = Array.from({ length: 2500 }, (_, count) => `d${count % 50}/f${count}.txt`);
    const many = repositoryOf(Object.fromEntries(names.map((name) => [name, `${name}\r\n`])));
    writeFileSync(join(many.path, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    for (const folder of ['d1', 'd2', 'd3']) symlinkSync(`../${folder}`, join(many.path, folder, 'link'));
    many.commit('with links');
    const folder = await take(many.head(), main, many, new Mirror(folders.make(), many.path));
    expect(files(folder)).to.have.length(names.length + 4);
    for (const name of names) expect(readFileSync(join(folder, name), 'utf8')).to.equal(`${name}\r\n`);
    expect(lstatSync(join(folder, 'run.sh')).mode & 0o777).to.equal(0o777 & ~process.umask());
    expect(readlinkSync(join(folder, 'd2', 'link'))).to.equal('../d2');
    expect(await inside(folder, 'status', '--porcelain')).to.equal('');
  });

  it('keeps a URL unchanged, whatever its characters', async () => {
    const folder = newFolder();
    const url = 'https://example.com/a"b\\c #;d.git';
    await checkOut(mirror, { url, ref: main, sha: repository.head(), folder });
    expect(await inside(folder, 'remote', 'get-url', 'origin')).to.equal(url);
    await failure('bad_url', () =>
      checkOut(mirror, { url: 'x\n[core]\n\tsshCommand = id', ref: main, sha: repository.head(), folder: newFolder() }),
    );
  });

  it('fails for a commit that does not exist, and for a repository that is gone', async () => {
    const sha = 'd'.repeat(40);
    const missing = await checkOut(mirror, { url: repository.path, ref: main, sha, folder: newFolder() }).catch(
      (reason: Error) => reason,
    );
    expect(missing).to.have.property('code').that.is.oneOf(['commit_missing', 'fetch_failed']);
    const gone = new Mirror(folders.make(), '/nowhere/app');
    await failure('fetch_failed', () => checkOut(gone, { url: '/nowhere/app', ref: main, sha, folder: newFolder() }));
  });

  it('fails when its folder cannot be written', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'a file');
    const error = await checkOut(mirror, { url: repository.path, ref: main, sha: repository.head(), folder }).catch(
      (reason: NodeJS.ErrnoException) => reason,
    );
    expect(error).to.have.property('code', 'ENOTDIR');
  });
});
