import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../../src/git/checkout.ts';
import { git } from '../../../src/git/command/git.ts';
import { limitHistory } from '../../../src/git/limit-history.ts';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { removeMirror } from '../../../src/git/mirror/prune.ts';
import { startChild } from '../../support/child.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { freePort } from '../../support/redis.ts';
import { TestRepository } from '../../support/repository.ts';

const unknown = 'd'.repeat(40);

/** Empties the files of objects, as a power cut does with those of the last fetches. */
function emptyObjects(path: string): void {
  const objects = join(path, 'objects');
  for (const folder of readdirSync(objects).filter((name) => name.length === 2))
    for (const name of readdirSync(join(objects, folder))) {
      const file = join(objects, folder, name);
      chmodSync(file, 0o644);
      writeFileSync(file, '');
    }
}

describe('a mirror', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;
  let first: string;

  beforeEach(() => {
    repository = new TestRepository({ 'a.txt': 'a\n' });
    first = repository.head();
    mirror = new Mirror(folders.make(), repository.path);
  });

  afterEach(() => repository.remove());

  after(folders.remove);

  const shas = async (before: string, head: string, limit = 100) =>
    (await mirror.newCommits(before, head, limit)).commits;

  it('reports the progress of a fetch', async () => {
    const lines: string[] = [];
    await new Mirror(folders.make(), `file://${repository.path}`).fetch({ progress: (line) => lines.push(line) });
    expect(lines).to.not.deep.equal([]);
    for (const line of lines) expect(line).to.match(/^(remote: )?[A-Z][a-z ]+: +\d+% \(\d+\/\d+\)[^\r\n]*$/);
  });

  it('reads the message, author and time of a commit', async () => {
    repository.git(
      '-c',
      'user.name=Grace "Amazing" Hopper',
      '-c',
      'user.email=grace@example.org',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'a subject: größer\n\nand a body',
      '--date',
      '2026-01-02T03:04:05+02:00',
    );
    await mirror.fetch();
    const commit = await mirror.commit(repository.head());
    expect(commit).to.include({
      sha: repository.head(),
      subject: 'a subject: größer',
      body: 'and a body',
      author: 'Grace "Amazing" Hopper',
      authorAddress: 'grace@example.org',
    });
    expect(new Date(commit.committedAt).toISOString()).to.equal(commit.committedAt);
    expect(Date.parse(commit.committedAt) / 1000).to.equal(Number(repository.git('log', '-1', '--format=%ct')));
  });

  it('reads commits with an empty message, a huge message and impossible times', async () => {
    const tree = repository.git('rev-parse', 'HEAD^{tree}');
    const raw = (author: string, time: string, message: string, zone = '+0000') => {
      const file = join(repository.path, '.git', 'raw');
      writeFileSync(
        file,
        `tree ${tree}\nauthor ${author} ${time} ${zone}\ncommitter ${author} ${time} ${zone}\n\n${message}`,
      );
      return repository.git('hash-object', '-t', 'commit', '-w', '--literally', file);
    };
    const untrustedEntries = [
      raw('Ada <a@b>', '1000000000', ''),
      raw('Ada <a@b>', '1000000000', 'x'.repeat(50_000)),
      raw(`${'A'.repeat(5000)} <a@b>`, '1000000000', 'x'),
      raw(`Ada <${'a'.repeat(5000)}@b>`, '1000000000', 'x'),
      raw('Ada <a@b>', '999999999999', 'x'),
      raw('Ada <a@b>', '99999999999999999999', 'x'),
      raw('Ada <a@b>', 'never', 'x'),
      // git exits with an error when it shows this commit
      raw('Ada <a@b>', '1', 'x', '-9999'),
      raw('Ada \u0001\u0007 <a@b>', '1000000000', 'x\u0000y'),
    ];
    for (const [index, sha] of untrustedEntries.entries())
      repository.git('update-ref', `refs/heads/untrustedEntries${index}`, sha);
    await mirror.fetch();
    for (const sha of untrustedEntries) {
      const commit = await mirror.commit(sha);
      expect(commit.sha).to.equal(sha);
      expect(commit.subject.length).to.be.at.most(500);
      expect(commit.author.length).to.be.at.most(200);
      expect(commit.authorAddress).to.be.oneOf(['a@b', '']);
      expect(commit.committedAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });

  it('does not have an unknown commit', async () => {
    await mirror.fetch();
    expect(await mirror.has(unknown)).to.equal(false);
    await failure('commit_missing', () => mirror.commit(unknown));
  });

  it('is empty before its first fetch', async () => {
    expect(await mirror.has(first)).to.equal(false);
  });

  describe('lists the new commits of a ref', () => {
    it('with the oldest first', async () => {
      const added = [1, 2, 3].map((count) => repository.commit(`${count}`));
      await mirror.fetch();
      expect(await mirror.newCommits(first, repository.head(), 100)).to.deep.include({ passedOver: 0, jumped: false });
      expect(await shas(first, repository.head())).to.deep.equal(added);
    });

    it('along first parents, so that a merged branch counts as its merge commit', async () => {
      repository.git('checkout', '--quiet', '-b', 'topic');
      repository.commit('on the topic');
      repository.commit('more on the topic');
      repository.git('checkout', '--quiet', 'main');
      const between = repository.commit('on main');
      repository.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'topic');
      const merge = repository.head();
      await mirror.fetch();
      expect(await shas(first, merge)).to.deep.equal([between, merge]);
    });

    it('after a fast-forward to a merged branch', async () => {
      repository.git('checkout', '--quiet', '-b', 'topic');
      const topic = repository.commit('on the topic');
      repository.git('checkout', '--quiet', 'main');
      const main = repository.commit('on main');
      repository.git('checkout', '--quiet', 'topic');
      repository.git('merge', '--quiet', '-m', 'merge main into topic', 'main');
      const merge = repository.head();
      await mirror.fetch();
      // the topic becomes main: its first parents are the topic's own commits
      const { commits, jumped } = await mirror.newCommits(main, merge, 100);
      expect(jumped).to.equal(false);
      expect(commits).to.deep.equal([topic, merge]);
    });

    it('limited to the newest ones', async () => {
      const added = repository.burst(6);
      await mirror.fetch();
      const { commits, passedOver, jumped } = await mirror.newCommits(first, repository.head(), 2);
      expect(commits).to.deep.equal(added.slice(4));
      expect({ passedOver, jumped }).to.deep.equal({ passedOver: 4, jumped: false });
      expect((await mirror.newCommits(first, repository.head(), 6)).passedOver).to.equal(0);
    });

    it('after a forced push, from the common ancestor on', async () => {
      const old = repository.commit('old');
      await mirror.fetch();
      repository.git('reset', '--quiet', '--hard', first);
      const added = [repository.commit('new'), repository.commit('newer')];
      await mirror.fetch();
      const { commits, jumped } = await mirror.newCommits(old, repository.head(), 100);
      expect(commits).to.deep.equal(added);
      expect(jumped).to.equal(true);
    });

    it('after a forced push with more commits than the limit', async () => {
      const old = repository.commit('old');
      await mirror.fetch();
      repository.git('reset', '--quiet', '--hard', first);
      const added = repository.burst(5);
      await mirror.fetch();
      const { commits, passedOver, jumped } = await mirror.newCommits(old, repository.head(), 2);
      expect(commits).to.deep.equal(added.slice(3));
      expect({ passedOver, jumped }).to.deep.equal({ passedOver: 3, jumped: true });
    });

    it('after a forced push to an older commit, as only that commit', async () => {
      const old = repository.commit('old');
      await mirror.fetch();
      repository.git('reset', '--quiet', '--hard', first);
      await mirror.fetch();
      const { commits, jumped } = await mirror.newCommits(old, first, 100);
      expect(commits).to.deep.equal([first]);
      expect(jumped).to.equal(true);
    });

    it('after a forced push without common history', async () => {
      repository.git('checkout', '--quiet', '--orphan', 'fresh');
      const fresh = repository.commit('fresh');
      await mirror.fetch();
      const { commits, jumped } = await mirror.newCommits(first, fresh, 100);
      expect(commits).to.deep.equal([fresh]);
      expect(jumped).to.equal(true);
    });

    it('as the newest only if the former commit is gone from the repository', async () => {
      repository.burst(3);
      await mirror.fetch();
      const { commits, passedOver, jumped } = await mirror.newCommits(unknown, repository.head(), 100);
      expect(commits).to.deep.equal([repository.head()]);
      expect({ passedOver, jumped }).to.deep.equal({ passedOver: 0, jumped: true });
    });
  });

  describe('of a repository with a branch whose name is too long for a file', () => {
    beforeEach(() => {
      const line = `${first} refs/heads/${'x'.repeat(300)}\n`;
      writeFileSync(join(repository.path, '.git', 'packed-refs'), `# pack-refs with: sorted \n${line}`);
    });

    it('has the other branches', async () => {
      await mirror.fetch();
      expect(await mirror.resolve('main')).to.include({ sha: first });
      const added = repository.commit('second');
      await mirror.follow(new Map([['refs/heads/main', added]]));
      expect(await mirror.resolve('main')).to.include({ sha: added });
    });

    it('gives a job the whole history', async () => {
      const folder = join(folders.make(), 'workspace');
      await checkOut(mirror, { url: repository.path, ref: 'refs/heads/main', sha: first, folder });
      const packed = `${first} refs/heads/${'y'.repeat(245)}\n`;
      writeFileSync(join(mirror.path, 'packed-refs'), `# pack-refs with: sorted \n${packed}`);
      await limitHistory(mirror, { folder, sha: first, depth: 0, tags: false });
      expect(await git(folder, ['rev-parse', 'origin/main'])).to.equal(`${first}\n`);
    });
  });

  it('is removed with refs of any name', async () => {
    await mirror.fetch();
    const folder = join(mirror.path, 'refs', 'heads');
    const long = Array.from({ length: 18 }, () => 'x'.repeat(200)).join('/');
    execFileSync('git', ['update-ref', `refs/heads/${long}`, first], { cwd: mirror.path });
    expect(readdirSync(folder)).to.have.lengthOf(2);
    await removeMirror(mirror.path);
    expect(existsSync(mirror.path)).to.equal(false);
    expect(readdirSync(join(mirror.path, '..')).filter((name) => !name.endsWith('.lock'))).to.deep.equal([]);
  });

  it("reads commits independently of the user's git configuration", async () => {
    repository.commit('größer');
    await mirror.fetch();
    const home = folders.make();
    writeFileSync(
      join(home, '.gitconfig'),
      '[i18n]\n\tlogOutputEncoding = ISO-8859-1\n[log]\n\tshowSignature = true\n',
    );
    const before = process.env.HOME;
    process.env.HOME = home;
    try {
      expect(await mirror.commit(repository.head())).to.include({ subject: 'größer' });
    } finally {
      process.env.HOME = before;
    }
  });

  it('walks through many commits once although they are requested in small parts', async () => {
    const added = repository.burst(300);
    await mirror.fetch();
    const head = repository.head();
    expect((await mirror.newCommits(first, head, 200)).commits).to.deep.equal(added.slice(100));
    // nobody can walk there any more
    rmSync(join(mirror.path, 'objects', 'pack'), { recursive: true });
    expect(await mirror.newCommits(added[250] as string, head, 200)).to.deep.equal({
      ...{ commits: added.slice(251), passedOver: 0, jumped: false },
    });
    expect((await mirror.newCommits(added[120] as string, head, 10)).passedOver).to.equal(169);
  });

  it('follows branches that are created, forced and deleted', async () => {
    repository.git('branch', 'topic');
    await mirror.fetch();
    expect(await mirror.resolve('topic')).to.deep.equal({ ref: 'refs/heads/topic', sha: first });
    repository.git('branch', '-D', '--quiet', 'topic');
    repository.git('branch', 'topic/below');
    repository.git('checkout', '--quiet', '--orphan', 'fresh');
    const fresh = repository.commit('fresh');
    repository.git('branch', '--force', 'main', fresh);
    await mirror.fetch();
    expect(await mirror.resolve('topic/below')).to.include({ sha: first });
    expect(await mirror.resolve('main')).to.include({ sha: fresh });
    await failure('commit_missing', () => mirror.resolve('topic'));
    expect(await mirror.has(first), 'nothing is pruned that a job may need').to.equal(true);
  });

  it('does not connect to the repository if loose or packed refs are up to date', async () => {
    repository.git('tag', '-a', 'v1', '-m', 'a release');
    await mirror.fetch();
    repository.remove();
    const follow = (head: string) =>
      mirror.follow(new Map(['refs/tags/v1', 'refs/heads/main'].map((ref) => [ref, head])));
    await follow(first);
    await failure('fetch_failed', () => follow(unknown));
    execFileSync('git', ['pack-refs', '--all'], { cwd: mirror.path });
    await follow(first);
    await failure('fetch_failed', () => follow(unknown));
  });

  it('resolves a branch, a tag, a full ref and a commit, with a branch before a tag', async () => {
    const second = repository.commit('second');
    repository.git('branch', 'v1', first);
    repository.git('tag', 'v1', second);
    repository.git('tag', '--annotate', '--message', 'x', 'v2', second);
    await mirror.fetch();
    const meant: [string, { ref: string; sha: string }][] = [
      ['main', { ref: 'refs/heads/main', sha: second }],
      ['v1', { ref: 'refs/heads/v1', sha: first }],
      ['refs/tags/v1', { ref: 'refs/tags/v1', sha: second }],
      ['v2', { ref: 'refs/tags/v2', sha: second }],
      [first, { ref: first, sha: first }],
      [second.slice(0, 12), { ref: second.slice(0, 12), sha: second }],
    ];
    for (const [name, target] of meant) expect(await mirror.resolve(name), name).to.deep.equal(target);
  });

  it('refuses to resolve revision syntax and options', async () => {
    await mirror.fetch();
    for (const name of ['', '--all', 'main..v1', 'main~1', 'HEAD@{1}', ':/a', 'main:a.txt']) {
      await failure('bad_ref', () => mirror.resolve(name));
    }
    for (const name of ['gone', unknown, repository.git('rev-parse', 'HEAD^{tree}')]) {
      await failure('commit_missing', () => mirror.resolve(name));
    }
  });

  it('fetches a commit that no branch contains', async () => {
    const lost = repository.commit('lost');
    repository.git('reset', '--quiet', '--hard', first);
    await mirror.fetch();
    expect(await mirror.has(lost)).to.equal(false);
    await mirror.require(lost);
    expect(await mirror.commit(lost)).to.include({ sha: lost, subject: 'lost' });
  });

  it('fetches required commits at its first use, and names missing ones', async () => {
    await mirror.require(first);
    expect(await mirror.has(first)).to.equal(true);
    const error = await mirror.require(unknown).catch((reason: Error) => reason);
    expect(error).to.have.property('code').that.is.oneOf(['commit_missing', 'fetch_failed']);
  });

  it('names the repository that cannot be fetched, without user name and password', async () => {
    for (const login of ['ada:secret', 'secret']) {
      const elsewhere = new Mirror(folders.make(), `http://${login}@127.0.0.1:${await freePort()}/app.git`);
      const error = await failure('fetch_failed', () => elsewhere.fetch());
      expect(`${error.message} ${error.remedy}`).to.not.include('secret');
    }
    const gone = new Mirror(folders.make(), '/nowhere/app');
    expect((await failure('fetch_failed', () => gone.fetch())).message).to.include('/nowhere/app');
  });

  it('exists once for each URL, in a folder with a readable name', () => {
    const folder = folders.make();
    const urls = [
      'https://a.example/acme/app.git',
      'https://b.example/acme/app.git',
      'git@a.example:acme/app',
      '/srv/../x/..',
      `https://a.example/${'x'.repeat(500)}`,
    ];
    const paths = urls.map((url) => new Mirror(folder, url).path);
    expect(new Set(paths).size).to.equal(urls.length);
    for (const path of paths) expect(path.slice(folder.length)).to.match(/^\/[a-z0-9._-]{1,60}\.git$/);
    expect(paths[0]).to.include('/app-');
  });

  const damages: [string, (path: string) => void][] = [
    ['has lost its objects', (path) => rmSync(join(path, 'objects'), { recursive: true })],
    [
      'has lost the contents of its objects',
      (path) => {
        const objects = join(path, 'objects');
        for (const name of readdirSync(objects, { recursive: true, withFileTypes: true })) {
          if (name.isFile()) rmSync(join(name.parentPath, name.name));
        }
      },
    ],
    [
      'has objects that were cut off',
      (path) => {
        for (const name of readdirSync(join(path, 'objects'), { recursive: true, withFileTypes: true })) {
          if (!name.isFile()) continue;
          const file = join(name.parentPath, name.name);
          const content = readFileSync(file);
          rmSync(file);
          writeFileSync(file, content.subarray(0, content.length / 2));
        }
      },
    ],
    ['has an empty HEAD', (path) => writeFileSync(join(path, 'HEAD'), '')],
    ['has an unreadable configuration', (path) => writeFileSync(join(path, 'config'), '[core\nnonsense')],
    ['has empty refs, as after a power cut', (path) => writeFileSync(join(path, 'refs', 'heads', 'main'), '')],
    [
      'has a ref to a commit that it does not have',
      (path) => writeFileSync(join(path, 'refs', 'heads', 'main'), `${unknown}\n`),
    ],
    ['has lost its HEAD', (path) => rmSync(join(path, 'HEAD'))],
    ['has empty files, as after a power cut', emptyObjects],
    ['is gone', (path) => rmSync(path, { recursive: true })],
  ];
  for (const [what, damage] of damages) {
    it(`that ${what} is repaired by the next fetch`, async () => {
      await mirror.fetch();
      damage(mirror.path);
      const second = repository.commit('second');
      await mirror.fetch();
      expect(await mirror.has(second)).to.equal(true);
      expect(await shas(first, second)).to.deep.equal([second]);
    });
  }

  it('keeps its data if the repository is damaged', async () => {
    await mirror.fetch();
    repository.commit('second', { 'a.txt': 'b\n' });
    const blob = repository.git('rev-parse', 'HEAD:a.txt');
    const file = join(repository.path, '.git', 'objects', blob.slice(0, 2), blob.slice(2));
    chmodSync(file, 0o644);
    writeFileSync(file, '');
    await failure('fetch_failed', () => mirror.fetch());
    expect(await mirror.has(first)).to.equal(true);
  });

  it('is updated although a killed git has left a lock file of a ref', async () => {
    await mirror.fetch();
    const second = repository.commit('second');
    const lock = join(mirror.path, 'refs', 'heads', 'main.lock');
    writeFileSync(lock, '');
    await mirror.fetch();
    expect(await mirror.resolve('main')).to.include({ sha: second });
  });

  it('can be fetched by many callers at once, initially and later', async () => {
    const folder = folders.make();
    for (let round = 1; round <= 2; round++) {
      const head = repository.commit(`round ${round}`);
      await Promise.all(Array.from({ length: 6 }, () => new Mirror(folder, repository.path).fetch()));
      expect(await new Mirror(folder, repository.path).has(head)).to.equal(true);
    }
    expect(
      readdirSync(folder).filter((name) => !name.endsWith('.lock')),
      'no drafts are left',
    ).to.have.length(1);
  });

  it('can be fetched by several processes at once', async () => {
    const code = `
      import { Mirror } from './src/git/mirror/mirror.ts';
      const [folder, url] = process.argv.slice(-2);
      process.once('SIGUSR2', async () => {
        await new Mirror(folder, url).fetch().then(() => console.log('fetched'), (error) => console.log(error.message));
        clearInterval(waiting);
      });
      const waiting = setInterval(() => {}, 1000);
      console.log('ready');
    `;
    const folder = folders.make();
    const children = [1, 2].map(() => startChild(code, { args: [folder, repository.path] }));
    for (const child of children) await child.line();
    for (const child of children) child.signal('SIGUSR2');
    await new Mirror(folder, repository.path).fetch();
    for (const child of children) expect(await child.line()).to.equal('fetched');
    for (const child of children) await child.ended();
    expect(await new Mirror(folder, repository.path).has(first)).to.equal(true);
  });

  it('copies a shallow repository, and the rest after that has more history', async () => {
    const old = repository.commit('old');
    const newest = repository.commit('newest');
    const shallow = join(folders.make(), 'shallow');
    repository.git('clone', '--quiet', '--depth', '1', `file://${repository.path}`, shallow);
    const copy = new Mirror(folders.make(), shallow);
    for (let count = 0; count < 2; count++) await copy.fetch();
    expect(await copy.commit(newest)).to.include({ subject: 'newest' });
    expect(await copy.has(old)).to.equal(false);
    expect(await copy.newCommits(old, newest, 10)).to.deep.include({ jumped: true, passedOver: 0 });
    const added = repository.commit('added');
    repository.git('-C', shallow, 'fetch', '--quiet', '--unshallow', 'origin', '+main:refs/heads/new');
    await copy.fetch();
    expect((await copy.newCommits(newest, added, 10)).commits).to.deep.equal([added]);
    expect(await copy.has(old)).to.equal(true);
  });

  it('reads only the start and the trailers of a message of megabytes', async () => {
    const file = join(folders.make(), 'message');
    writeFileSync(file, `${'long '.repeat(1_000_000)}\n\n${'body\n'.repeat(500_000)}\nskip-checks: true\n`);
    repository.git('commit', '--quiet', '--allow-empty', '--file', file);
    await mirror.fetch();
    const sha = repository.head();
    expect((await mirror.commit(sha)).subject).to.have.length.of.at.most(500);
    const [message] = await mirror.commits([sha]);
    expect(message?.text.length).to.be.at.most(10_000);
    expect(message?.skipChecks).to.equal('true');
  });

  it('reads a message that contains the separator between commits', async () => {
    const utf7 = `+AAA-${first}+AAo-Eve+AAo-0+AAo-+AAo-forged`;
    repository.git('-c', 'i18n.commitEncoding=UTF-7', 'commit', '--quiet', '--allow-empty', '--message', utf7);
    await mirror.fetch();
    const found = await mirror.commits([repository.head(), first]);
    expect(found.map(({ sha, author }) => [sha, author])).to.deep.equal([
      [repository.head(), 'Ada'],
      [first, 'Ada'],
    ]);
  });

  it('returns messages in the requested order', async () => {
    const second = repository.commit('second\n\nwith a body');
    await mirror.fetch();
    expect((await mirror.commits([second, first])).map(({ text }) => text)).to.deep.equal([
      'second\n\nwith a body',
      'first',
    ]);
    expect((await mirror.commits([first, second])).map(({ text }) => text)[0]).to.equal('first');
    expect(await mirror.commits([])).to.deep.equal([]);
  });

  it('copies a repository with SHA-256', async () => {
    const sha256 = new TestRepository();
    rmSync(join(sha256.path, '.git'), { recursive: true });
    sha256.git('init', '--quiet', '--initial-branch=main', '--object-format=sha256');
    const one = sha256.commit('one');
    const two = sha256.commit('two');
    const copy = new Mirror(folders.make(), sha256.path);
    await copy.fetch();
    expect(one).to.have.length(64);
    expect((await copy.newCommits(one, two, 10)).commits).to.deep.equal([two]);
    sha256.remove();
  });

  it('names the program that is missing on the search path', async () => {
    await mirror.fetch();
    const path = process.env.PATH;
    const programs = folders.make();
    const install = (name: string) =>
      symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(programs, name));
    try {
      process.env.PATH = programs;
      await failure('git_missing', () => mirror.commit(first));
      process.env.PATH = path;
      install('flock');
      process.env.PATH = programs;
      expect((await failure('fetch_failed', () => mirror.fetch())).remedy).to.include('Install git');
      process.env.PATH = path;
      install('git');
      rmSync(join(programs, 'flock'));
      process.env.PATH = programs;
      if (process.platform === 'linux')
        expect((await failure('tool_missing', () => mirror.fetch())).remedy).to.include('util-linux');
      expect(await mirror.commit(first)).to.include({ subject: 'first' });
    } finally {
      process.env.PATH = path;
    }
  });

  it('has no hooks', async () => {
    await mirror.fetch();
    const hooks = join(mirror.path, 'hooks');
    const active = existsSync(hooks) ? readdirSync(hooks).filter((name) => !name.endsWith('.sample')) : [];
    expect(active).to.deep.equal([]);
  });
});
