import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../src/git/checkout.ts';
import { git } from '../../src/git/command/git.ts';
import { type KeptTree, keepUnchanged, type NotedTree, noteTree } from '../../src/git/kept-tree.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { isWatched, oldestTime, snapshotOf } from '../support/tree-snapshot.ts';

const main = 'refs/heads/main';

/** Scripts that jobs run in their workspace. */
const deeds: { [what: string]: string } = {
  nothing: 'true',
  'changes files': 'for file in d1/*.txt run.sh; do echo x >> $file; done',
  'changes a file and puts its times back':
    'touch -r d1/f1.txt ../times; echo "D1/F1.TXT" > d1/f1.txt; touch -r ../times d1/f1.txt',
  'changes one byte through a mapping of its memory':
    "python3 -c \"import mmap; f = open('d1/f11.txt', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0]; m[0] = 88; m.close()\"",
  'makes files executable, and unreadable': 'chmod +x d1/f1.txt; chmod 000 d2/f2.txt; chmod u+s run.sh',
  'gives files away': '[ $(id -u) != 0 ] || chown 12345:12345 d1/f1.txt d2',
  'hard-links a tracked file to elsewhere': 'ln d1/f1.txt ../outside; ln d2/f2.txt d2/second; ln d3/f3.txt untracked',
  'links, and takes the other name away':
    'ln d1/f1.txt ../other; echo y >> ../other; rm d1/f1.txt; mv ../other d1/f1.txt',
  'copies files over themselves': 'cp -p d1/f1.txt ../copy; rm d1/f1.txt; cp -p ../copy d1/f1.txt',
  'replaces files by links': 'rm d1/f1.txt; ln -s /etc/passwd d1/f1.txt; ln -sf nowhere link',
  'replaces a folder by a link that leads outside':
    'mv d1 ../d1; ln -s ../d1 d1; mkdir ../bait; cp -r d2/* ../bait; rm -r d2; ln -s $PWD/../bait d2',
  'exchanges folders': 'mv d1 x; mv d2 d1; mv x d2',
  'exchanges files': 'mv d1/f1.txt x; mv d1/f11.txt d1/f1.txt; mv x d1/f11.txt',
  'moves a folder away and back': 'mv d1 d2/d1; mv d2/d1 d1',
  'adds files, ignored ones as well': 'mkdir -p build/deep; touch build/deep/x build.log d1/y.log; echo z > d2/z',
  'adds attributes, a repository and what git runs':
    'echo "* text eol=crlf filter=evil" > .gitattributes; cp .gitattributes d1; git config filter.evil.smudge "touch ../evil"; git config core.fsmonitor "touch ../evil"; mkdir -p .git/hooks; for hook in post-checkout post-index-change reference-transaction; do printf "#!/bin/sh\\ntouch ../evil\\n" > .git/hooks/$hook; done; chmod +x .git/hooks/*; mkdir .git/info; echo "* filter=evil" > .git/info/attributes',
  'has git take changes for none':
    'git update-index --assume-unchanged d1/f1.txt; git update-index --skip-worktree d2/f2.txt; echo x > d1/f1.txt; rm d2/f2.txt',
  'makes its repository a link': 'mv .git ../git; ln -s ../git .git',
  'closes its folders': 'chmod 000 d1 d2/deep; chmod 555 d3',
  'sets attributes of files and folders':
    "python3 -c \"import os; [os.setxattr(p, 'user.evil', b'1') for p in ('d1', 'd2/deep', 'd2/f2.txt', '.')]\"",
  'lets folders give rights to all that is made in them':
    "python3 -c \"import os, struct; acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', t, p, 0xffffffff) for t, p in ((1, 7), (4, 7), (16, 7), (32, 7))); [os.setxattr(p, 'system.posix_acl_default', acl) for p in ('.', 'd1', 'd2/deep')]\"; touch d1/new",
  'makes pipes and sockets':
    'mkfifo pipe d1/pipe; rm d2/f2.txt; mkfifo d2/f2.txt; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'d1/socket\')"',
  'deletes some': 'rm -r d1 d2/deep run.sh .hidden',
  'deletes all': 'find . -mindepth 1 -delete',
  'makes files sparse or empty': 'truncate -s 0 d1/f1.txt; truncate -s 1000 d2/f2.txt',
  'moves to another commit':
    'git checkout --quiet HEAD^ 2>/dev/null || git checkout --quiet --orphan x; git rm -rfq d1',
};

describe('a checkout that begins from the kept files of an earlier one', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  const mirrors = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;
  let first: string;
  let second: string;

  before(async function () {
    if (!isWatched(mirrors)) this.skip();
    const files: Record<string, string> = { 'run.sh': '#!/bin/sh\n', '.hidden': '', '.gitignore': 'build*\n*.log\n' };
    for (let index = 0; index < 60; index++) files[`d${index % 10}/f${index}.txt`] = `d${index % 10}/f${index}.txt`;
    files['d2/deep/er/file.txt'] = 'deep\n';
    files['line\nbreak'] = 'x\n';
    files['d4/NAME.txt'] = 'upper\n';
    files['gone/deeply/file.txt'] = 'x\n';
    files['gone/file.txt'] = 'x\n';
    files['file-then-folder'] = 'x\n';
    files['folder-then-file/x.txt'] = 'x\n';
    repository = new TestRepository(files);
    execFileSync('sh', ['-c', 'ln -s d1/f1.txt link; ln -s d1 folder-link'], { cwd: repository.path });
    writeFileSync(
      Buffer.concat([Buffer.from(`${repository.path}/d3/`), Buffer.from('\xff\xfe name', 'latin1')]),
      'b\n',
    );
    first = repository.commit('links and bytes');
    execFileSync(
      'sh',
      [
        '-ec',
        'git rm -rq gone file-then-folder folder-then-file; mkdir file-then-folder; echo y > file-then-folder/y.txt; echo y > folder-then-file; git mv d4/NAME.txt d4/name.txt; chmod +x d5/f5.txt; chmod -x run.sh; echo more >> d6/f6.txt; rm link; echo plain > link; rm folder-link; mkdir folder-link; echo z > folder-link/z.txt; echo "line 2" >> "$(printf "line\\nbreak")"',
      ],
      { cwd: repository.path },
    );
    second = repository.commit('changes of every kind');
    mirror = new Mirror(mirrors.make(), repository.path);
  });

  afterEach(folders.remove);
  after(() => {
    repository?.remove();
    mirrors.remove();
  });

  const target = (sha: string, folder: string, from = repository) => ({ url: from.path, ref: main, sha, folder });

  /** Runs a job's script in a checkout. @returns what is kept of it */
  async function leave(sha: string, script: string, from = repository, by = mirror): Promise<KeptTree | undefined> {
    const top = folders.make();
    const workspace = join(top, 'workspace');
    const folder = join(top, 'noted');
    mkdirSync(folder);
    await checkOut(by, target(sha, workspace, from));
    const noted = await noteTree(workspace, sha, folder);
    if (!noted) return undefined;
    execFileSync('bash', ['-c', script], { cwd: workspace, stdio: ['ignore', 'ignore', 'inherit'] });
    await keepUnchanged(noted, workspace);
    return noted;
  }

  async function begin(kept: KeptTree | undefined, sha: string, from = repository, by = mirror): Promise<string> {
    const folder = join(folders.make(), 'workspace');
    await checkOut(by, { ...target(sha, folder, from), kept });
    return folder;
  }

  async function compare(kept: KeptTree | undefined, sha: string, from = repository, by = mirror): Promise<string> {
    expect(kept, 'something was kept').to.not.equal(undefined);
    const begun = clock();
    const updated = await begin(kept, sha, from, by);
    const fresh = await begin(undefined, sha, from, by);
    for (const each of [updated, fresh]) expect(oldestTime(each) >= begun, 'all is new').to.equal(true);
    expect(snapshotOf(updated)).to.deep.equal(snapshotOf(fresh));
    expect(await git(updated, ['ls-files', '--stage', '-v', '-z'])).to.equal(
      await git(fresh, ['ls-files', '--stage', '-v', '-z']),
    );
    expect(await git(updated, ['status', '--porcelain', '--ignored', '-z'])).to.equal('');
    return updated;
  }

  /** The time that a file has which is written now. */
  function clock(): bigint {
    const file = join(folders.make(), 'now');
    writeFileSync(file, '');
    return statSync(file, { bigint: true }).mtimeNs;
  }

  for (const [what, script] of Object.entries(deeds)) {
    it(`equals a fresh checkout after a job that ${what}`, async () => {
      const updated = await compare(await leave(first, script), second);
      expect(readdirSync(join(updated, '..'))).to.deep.equal(['workspace']);
    });
  }

  it('equals a fresh checkout of the same commit, of an earlier one and of one without common history', async () => {
    await compare(await leave(first, deeds['changes files'] as string), first);
    await compare(await leave(second, deeds['deletes some'] as string), first);
    repository.git('checkout', '--quiet', '--orphan', 'other');
    repository.git('rm', '-rfq', 'd1', 'd2');
    const other = repository.commit('another beginning', { 'new.txt': 'new\n', 'd1/other.txt': 'other\n' });
    repository.git('checkout', '--quiet', '--force', 'main');
    await compare(await leave(second, 'true'), other);
    await compare(await leave(other, 'rm -rf d3'), first);
  });

  it('leaves no empty folder when a job deleted what the next commit deletes', async () => {
    const updated = await compare(await leave(first, 'rm -r gone/deeply; echo x >> gone/file.txt'), second);
    expect(existsSync(join(updated, 'gone'))).to.equal(false);
  });

  it('writes only files that are missing or differ', async () => {
    const kept = await leave(first, 'echo x >> d1/f1.txt; touch build.log');
    const inode = (folder: string, name: string) => statSync(join(folder, name)).ino;
    const [same, changed] = [inode(kept?.folder ?? '', 'd1/f11.txt'), join(kept?.folder ?? '', 'd1/f1.txt')];
    expect(existsSync(changed)).to.equal(false);
    const updated = await begin(kept, second);
    expect(inode(updated, 'd1/f11.txt')).to.equal(same);
    expect(readFileSync(join(updated, 'd1/f1.txt'), 'utf8')).to.equal('d1/f1.txt');
  });

  it('has files that are newer than what another job has built since', async () => {
    const kept = await leave(second, 'true');
    const built = join(folders.make(), 'built');
    writeFileSync(built, 'of another commit');
    const updated = await begin(kept, second);
    const source = join(updated, 'd6/f6.txt');
    expect(execFileSync('find', [source, '-newer', built], { encoding: 'utf8' }).trim()).to.equal(source);
  });

  it('has an index that lets git skip reading the files', async () => {
    const kept = await leave(first, 'true');
    const updated = await begin(kept, second);
    const { atimeNs, mtimeNs } = statSync(join(updated, 'd1/f11.txt'), { bigint: true });
    // where times of access are kept at all, a first access after a change moves them
    expect(atimeNs).to.equal(mtimeNs);
    const entry = await git(updated, ['ls-files', '--debug', 'd1/f11.txt']);
    expect(entry).to.include(`mtime: ${mtimeNs / 1_000_000_000n}:${mtimeNs % 1_000_000_000n}\n`);
  });

  it('writes all files when attributes change how git writes them', async () => {
    const other = new TestRepository(
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index}.txt`, `${index}\n`])),
    );
    try {
      const plain = other.head();
      const converted = other.commit('other line ends', { '.gitattributes': '*.txt text eol=crlf\n' });
      const below = other.commit('of a folder', {
        '.gitattributes': '',
        'd/.gitattributes': '* -text\n',
        'd/x.txt': 'x\n',
      });
      const by = new Mirror(mirrors.make(), other.path);
      const updated = await compare(await leave(plain, 'true', other, by), converted, other, by);
      expect(readFileSync(join(updated, 'f1.txt'), 'utf8')).to.equal('1\r\n');
      const back = await compare(await leave(converted, 'true', other, by), plain, other, by);
      expect(readFileSync(join(back, 'f1.txt'), 'utf8')).to.equal('1\n');
      await compare(await leave(converted, 'rm .gitattributes', other, by), below, other, by);
      const kept = await leave(converted, 'echo "* -text" > .gitattributes', other, by);
      expect(readFileSync(join(await compare(kept, converted, other, by), 'f2.txt'), 'utf8')).to.equal('2\r\n');
    } finally {
      other.remove();
    }
  });

  it('is not kept of a commit whose files go through filters, or that has submodules', async () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index}.txt`, `${index}\n`]));
    const other = new TestRepository({ ...files, 'd/.gitattributes': '*.bin filter=x\n' });
    try {
      const by = new Mirror(mirrors.make(), other.path);
      expect(await leave(other.head(), 'true', other, by)).to.equal(undefined);
      const plain = other.commit('none', { 'd/.gitattributes': '*.bin -text\n' });
      const kept = await leave(plain, 'true', other, by);
      other.git('update-index', '--add', '--cacheinfo', `160000,${plain},module`);
      other.git('commit', '--quiet', '--message', 'with a submodule');
      await compare(kept, other.head(), other, by);
      expect(await leave(other.head(), 'true', other, by)).to.equal(undefined);
    } finally {
      other.remove();
    }
  });

  it('fetches a commit that the mirror does not have yet', async () => {
    const files = Object.fromEntries(Array.from({ length: 310 }, (_, index) => [`f${index}.txt`, `${index}\n`]));
    const other = new TestRepository(files);
    try {
      const by = new Mirror(mirrors.make(), other.path);
      const kept = await leave(other.head(), 'true', other, by);
      const inode = statSync(join(kept?.folder ?? '', 'f1.txt')).ino;
      const next = other.commit('next', { 'f0.txt': 'changed\n' });
      expect(statSync(join(await compare(kept, next, other, by), 'f1.txt')).ino).to.equal(inode);
    } finally {
      other.remove();
    }
  });

  it('writes all files when the kept ones are damaged or gone', async () => {
    const damage: ((kept: KeptTree) => void)[] = [
      (kept) => writeFileSync(kept.index, 'DIRC no index'),
      (kept) => rmSync(kept.index),
      (kept) => rmSync(kept.folder, { recursive: true }),
      (kept) => {
        rmSync(kept.index);
        renameSync(kept.folder, kept.index);
      },
    ];
    for (const harm of damage) {
      const kept = (await leave(first, 'true')) as KeptTree;
      harm(kept);
      await compare(kept, second);
    }
  });

  it('has no file that was changed between the checkout and the note', async () => {
    const top = folders.make();
    const workspace = join(top, 'workspace');
    mkdirSync(join(top, 'noted'));
    await checkOut(mirror, target(first, workspace));
    writeFileSync(join(workspace, 'd1/planted'), 'x');
    writeFileSync(join(workspace, 'd1/f1.txt'), 'D1/F1.TXT');
    const noted = (await noteTree(workspace, first, join(top, 'noted'))) as NotedTree;
    const inode = statSync(join(workspace, 'd1/f11.txt')).ino;
    await keepUnchanged(noted, workspace);
    expect(statSync(join(await compare(noted, second), 'd1/f11.txt')).ino).to.equal(inode);
  });

  it('works with a socket that listens in the folder that the job left', async () => {
    const top = folders.make();
    const workspace = join(top, 'workspace');
    mkdirSync(join(top, 'noted'));
    await checkOut(mirror, target(first, workspace));
    const noted = (await noteTree(workspace, first, join(top, 'noted'))) as NotedTree;
    const server = createServer().listen(join(workspace, 'd1', 'socket'));
    try {
      await keepUnchanged(noted, workspace);
      await compare(noted, second);
    } finally {
      server.close();
    }
  });
});
