import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../src/git/checkout.ts';
import { git } from '../../src/git/command/git.ts';
import { type GitRunner, ownRunner } from '../../src/git/command/runner.ts';
import { mergeCommit } from '../../src/git/merge.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { makePullRequests } from '../support/pull-request-history.ts';
import { TestRepository } from '../support/repository.ts';

/** What `git merge --no-ff` makes in a work tree: a commit, or the files in conflict. */
function mergeByHand(
  repository: TestRepository,
  base: string,
  head: string,
): { commit: string } | { conflicts: string[] } {
  repository.git('checkout', '--quiet', '--force', '--detach', base);
  try {
    repository.git('merge', '--quiet', '--no-ff', '-m', 'merge', head);
    return { commit: readFileSync(join(repository.path, '.git/HEAD'), 'utf8').trim() };
  } catch {
    const paths = repository.git('ls-files', '--unmerged', '-z').split('\0');
    return { conflicts: [...new Set(paths.flatMap((entry) => entry.split('\t').slice(1)))] };
  }
}

/** A file where the other side has a folder gets the name of its side: `HEAD` in a work tree, else a commit's id. */
const withoutSide = (path: string) => path.replace(/~(HEAD|[0-9a-f]{40})$/, '~');

describe('the merge of a pull request', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let base: string;
  let head: string;

  /** A branch `topic` and a later commit of `main`, which change different lines of a file. */
  before(() => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const text = (...changed: number[]) =>
      `${lines.map((each, index) => (changed.includes(index) ? `${each} changed` : each)).join('\n')}\n`;
    repository = new TestRepository({ 'a.txt': text(), 'b.txt': 'b\n' });
    repository.git('checkout', '--quiet', '-b', 'topic');
    head = repository.commit('on the topic', { 'a.txt': text(2), 'new.txt': 'new\n' });
    repository.git('checkout', '--quiet', 'main');
    base = repository.commit('on main', { 'a.txt': text(17) });
  });

  after(() => {
    repository.remove();
    folders.remove();
  });

  const mirrorOf = (url: string, options = {}) => new Mirror(folders.make(), url, options);

  const merged = async (mirror: Mirror, pair = { base, head }, options = {}) => {
    const made = await mergeCommit(mirror, pair, options);
    if ('conflicts' in made) throw new Error(`conflicts: ${made.conflicts.join(', ')}`);
    return made.commit;
  };

  // a hundred in all: each takes some processes of git, which a busy machine starts slowly
  for (const seed of [7, 8, 9, 10])
    it(`has the tree that git merge makes, or its conflicts, for 25 pull requests of history ${seed}`, async () => {
      const made = new TestRepository({ 'start.txt': '\n' });
      const pulls = makePullRequests(made, 25, seed);
      const mirror = mirrorOf(made.path);
      await mirror.create();
      // has all objects, so that nothing is fetched
      writeFileSync(join(mirror.path, 'objects/info/alternates'), `${join(made.path, '.git/objects')}\n`);
      const outcomes = [];
      for (const { base, head } of pulls)
        outcomes.push({ hand: mergeByHand(made, base, head), volt: await mergeCommit(mirror, { base, head }) });
      const commits = outcomes.flatMap(({ hand, volt }) =>
        'commit' in hand && 'commit' in volt ? [`${hand.commit}^{tree}`, `${volt.commit}^{tree}`] : [],
      );
      const trees = (await git(mirror.path, ['rev-parse', ...commits])).trim().split('\n');
      made.remove();
      for (const { hand, volt } of outcomes) {
        if ('commit' in hand && 'commit' in volt) expect(trees.shift()).to.equal(trees.shift());
        else if ('conflicts' in hand && 'conflicts' in volt)
          expect(volt.conflicts.map(withoutSide).sort()).to.deep.equal(hand.conflicts.map(withoutSide).sort());
        else expect.fail(`${JSON.stringify(volt)} instead of ${JSON.stringify(hand)}`);
      }
      expect(commits.length / 2).to.be.within(8, 23);
      expect(new Set(pulls.flatMap(({ kinds }) => [...kinds])).size).to.equal(11);
    }).timeout(300_000);

  it('has the same id twice, in another mirror, and with other settings of the machine', async () => {
    const mirror = mirrorOf(repository.path);
    const commit = await merged(mirror);
    expect(await merged(mirror)).to.equal(commit);
    const home = folders.make();
    writeFileSync(join(home, '.gitconfig'), '[merge]\n\trenames = false\n\trenormalize = true\n[user]\n\tname = Eve\n');
    const runner: GitRunner = (command, listener) =>
      ownRunner({ ...command, env: { HOME: home, TZ: 'Asia/Tokyo', ...command.env } }, listener);
    expect(await merged(mirrorOf(repository.path), undefined, { runner })).to.equal(commit);
  });

  it('has the base as its first parent, the head as its second, and the time of the head', async () => {
    const mirror = mirrorOf(repository.path);
    const commit = await merged(mirror);
    const time = repository.git('log', '-1', '--format=%ct', head);
    const tree = (await git(mirror.path, ['rev-parse', `${commit}^{tree}`])).trim();
    expect(await git(mirror.path, ['cat-file', 'commit', commit])).to.equal(
      [
        `tree ${tree}`,
        `parent ${base}`,
        `parent ${head}`,
        `author Volt <volt@localhost> ${time} +0000`,
        `committer Volt <volt@localhost> ${time} +0000`,
        `\nMerge ${head} into ${base}\n`,
      ].join('\n'),
    );
    await git(mirror.path, ['fsck', '--strict', '--no-dangling', commit]);
  });

  it('is made also where the base has the head already, and where both are one commit', async () => {
    const mirror = mirrorOf(repository.path);
    const first = repository.git('rev-parse', 'main~1');
    for (const pair of [
      { base, head: first },
      { base, head: base },
    ]) {
      const commit = await merged(mirror, pair);
      const same = await git(mirror.path, ['rev-parse', `${commit}^{tree}`, `${base}^{tree}`]);
      expect(new Set(same.trim().split('\n')).size).to.equal(1);
    }
  });

  it('names the files in conflict once each, also with special characters', async () => {
    const conflicting = new TestRepository({ 'a.txt': 'a\n', 'größe "x"\n.txt': 'a\n', 'c.txt': 'c\n' });
    conflicting.git('checkout', '--quiet', '-b', 'topic');
    const topic = conflicting.commit('topic', { 'a.txt': 'b\n', 'größe "x"\n.txt': 'b\n' });
    conflicting.git('checkout', '--quiet', 'main');
    const main = conflicting.commit('main', { 'a.txt': 'c\n', 'größe "x"\n.txt': 'c\n' });
    const found = await mergeCommit(mirrorOf(conflicting.path), { base: main, head: topic });
    expect(found).to.deep.equal({ conflicts: ['a.txt', 'größe "x"\n.txt'] });
    conflicting.remove();
  });

  it('ignores which driver the repository names for a file', async () => {
    const driven = new TestRepository({ '.gitattributes': '*.txt merge=union\n', 'a.txt': 'a\n' });
    driven.git('checkout', '--quiet', '-b', 'topic');
    const topic = driven.commit('topic', { 'a.txt': 'b\n' });
    driven.git('checkout', '--quiet', 'main');
    const main = driven.commit('main', { 'a.txt': 'c\n' });
    const mirror = mirrorOf(driven.path);
    await mirror.fetch();
    await git(mirror.path, ['config', 'attr.tree', 'HEAD']);
    expect(await mergeCommit(mirror, { base: main, head: topic })).to.deep.equal({ conflicts: ['a.txt'] });
    driven.remove();
  });

  it('is a conflict without files where the two have no common history', async () => {
    repository.git('checkout', '--quiet', '--orphan', 'apart');
    const apart = repository.commit('apart', { 'apart.txt': '\n' });
    repository.git('checkout', '--quiet', '--force', 'main');
    expect(await mergeCommit(mirrorOf(repository.path), { base, head: apart })).to.deep.equal({ conflicts: [] });
  });

  it('fetches a head that no branch leads to', async () => {
    repository.git('checkout', '--quiet', '--detach', head);
    const unnamed = repository.commit('pushed to a fork', { 'fork.txt': '\n' });
    repository.git('update-ref', 'refs/pull/7/head', unnamed);
    repository.git('checkout', '--quiet', 'main');
    const mirror = mirrorOf(`file://${repository.path}`);
    await mirror.fetch();
    expect(await mirror.has(unnamed)).to.equal(false);
    const commit = await merged(mirror, { base, head: unnamed });
    expect(await git(mirror.path, ['ls-tree', '--name-only', commit])).to.include('fork.txt');
  });

  it('is the same in a mirror that has no files yet, and fetches only those that differ', async () => {
    const filtered = new TestRepository({});
    const [pull = { base: '', head: '' }] = makePullRequests(filtered, 1, 3).map(({ kinds: _, ...pair }) => pair);
    filtered.git('update-ref', 'refs/heads/main', pull.base);
    filtered.git('update-ref', 'refs/pull/1/head', pull.head);
    filtered.git('config', 'uploadpack.allowFilter', 'true');
    const url = `file://${filtered.path}`;
    const whole = mirrorOf(url);
    const commit = await merged(whole, pull);
    const partial = mirrorOf(url, { filter: 'blob:none' });
    expect(await merged(partial, pull)).to.equal(commit);
    expect(await partial.missingFiles([commit])).to.not.deep.equal([]);
    filtered.remove();
  });

  it('says which git it needs where that of the machine is too old', async () => {
    const folder = folders.make();
    const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
    // as git 2.34 answers
    const script = `#!/bin/sh\n[ "$1" = merge-tree ] && echo 'usage: git merge-tree <base-tree> <branch1> <branch2>' >&2 && exit 129\nexec ${real} "$@"\n`;
    writeFileSync(join(folder, 'git'), script, { mode: 0o755 });
    const runner: GitRunner = (command, listener) =>
      ownRunner({ ...command, env: { ...command.env, PATH: `${folder}:${command.env.PATH}` } }, listener);
    const error = await failure('git_old', () => merged(mirrorOf(repository.path), undefined, { runner }));
    expect(error.remedy).to.equal('Install git 2.39 or newer, or have the heads of pull requests built as they are.');
  });

  it('is given up after a bounded time where a commit renames thousands of files', async () => {
    const huge = new TestRepository({});
    const files = (folder: string, end: string) =>
      Array.from({ length: 3000 }, (_, index) => {
        const text = `${Array.from({ length: 40 }, (_, at) => `${index} ${at}`).join('\n')}\n${end}\n`;
        return `M 100644 inline ${folder}/${end}${index}\ndata ${text.length}\n${text}`;
      }).join('\n');
    const header = (ref: string, from = '') =>
      `commit refs/heads/${ref}\ncommitter Ada <a@b> 1700000000 +0000\ndata 1\nx\n${from}deleteall\n`;
    const input = [
      `${header('main')}${files('one', 'a')}\n`,
      `${header('topic', 'from refs/heads/main\n')}${files('two', 'b')}\n`,
      `${header('main')}${files('one', 'c')}\n`,
    ];
    execFileSync('git', ['fast-import', '--quiet'], { cwd: huge.path, input: input.join('') });
    const pair = { base: huge.git('rev-parse', 'main'), head: huge.git('rev-parse', 'topic') };
    const mirror = mirrorOf(huge.path);
    await mirror.fetch();
    const error = await failure('too_large', () => merged(mirror, pair, { most: 300 }));
    expect(error.message).to.match(/^merging [0-9a-f]{40} into [0-9a-f]{40} takes more than 0\.3 s$/);
    huge.remove();
  });

  describe('is checked out', () => {
    const target = (sha: string, pair = { base, head }) => ({
      ...{ url: repository.path, ref: 'refs/pull/7/head', sha, merge: pair, folder: folders.make() },
    });

    it('with both histories, on a machine that has not made it', async () => {
      const sha = await merged(mirrorOf(repository.path));
      const checkout = target(sha);
      await checkOut(mirrorOf(repository.path), checkout);
      const read = (...args: string[]) => git(checkout.folder, args).then((text) => text.trim());
      expect(await read('rev-parse', 'HEAD', 'HEAD^1', 'HEAD^2')).to.equal([sha, base, head].join('\n'));
      expect(await read('log', '--format=%s')).to.equal(`Merge ${head} into ${base}\non main\non the topic\nfirst`);
      expect(await read('status', '--porcelain')).to.equal('');
      expect(readdirSync(checkout.folder).sort()).to.deep.equal(['.git', 'a.txt', 'b.txt', 'new.txt']);
    });

    it('from a mirror with a filter', async () => {
      repository.git('config', 'uploadpack.allowFilter', 'true');
      const sha = await merged(mirrorOf(repository.path));
      const checkout = target(sha);
      await checkOut(mirrorOf(`file://${repository.path}`, { filter: 'blob:none' }), checkout);
      expect(readdirSync(checkout.folder)).to.include('new.txt');
    });

    it('only where the pair makes the very commit', async () => {
      const error = await failure('git_failed', () => checkOut(mirrorOf(repository.path), target('d'.repeat(40))));
      expect(error.message).to.match(/^the merge of .{40} into .{40} is .{40} on this machine and d{40} where /);
      expect(error.remedy).to.include('same version of git');
    });
  });
});
