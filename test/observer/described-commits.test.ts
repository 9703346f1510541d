import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { unpackTree } from '../../src/job/discovery/packed-tree.ts';
import { allDescribed } from '../../src/observer/described-commits.ts';
import { allWithWorkflows } from '../../src/observer/workflow-files.ts';
import { type CommitMessage, commitMessage } from '../../src/queues/messages.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

describe('the message of a commit tells how it is tested:', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;

  beforeEach(() => {
    repository = new TestRepository({ 'go.mod': 'module x', 'a.go': 'package a' });
    mirror = new Mirror(folders.make(), repository.path);
  });
  afterEach(() => repository.remove());
  after(folders.remove);

  function message(sha: string, change: Partial<CommitMessage> = {}): CommitMessage {
    return {
      ...{ v: 1, repo: 'app', ref: 'refs/heads/main', sha, subject: '', author: 'Ada' },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'commit', passedOver: 0, more: false },
      ...change,
    };
  }

  async function described(messages: CommitMessage[], command: string | null = null) {
    await mirror.fetch();
    const full = await allWithWorkflows(mirror, { command }, messages, 'main');
    const all = await allDescribed(mirror, { command }, full, 'main');
    return all.map((each) => {
      const { settings, tree, workflows } = commitMessage.parse(each);
      return { settings, workflows, tree: tree === undefined ? undefined : unpackTree(tree) };
    });
  }
  const one = async (change: Partial<CommitMessage> = {}, command: string | null = null) =>
    (await described([message(repository.head(), change)], command))[0];

  it('its files, and the texts of those that describe projects', async () => {
    const found = await one();
    expect(found?.tree).to.deep.equal({
      files: [
        { path: 'a.go', executable: false },
        { path: 'go.mod', executable: false },
      ],
      texts: [['go.mod', 'module x']],
      isCut: false,
    });
    expect(found?.settings).to.equal(undefined);
  });

  it('no files where workflow files are used, but .volt.yml', async () => {
    repository.commit('workflow', { '.github/workflows/a.yml': 'on: push' });
    expect((await one())?.tree).to.equal(undefined);
    expect((await one())?.settings).to.equal(undefined);
    repository.commit('settings', { '.volt.yml': 'command: x' });
    expect(await one()).to.deep.include({ tree: undefined, settings: { own: 'command: x' } });
  });

  it('nothing where the repository has a command, and for a commit or event that discovers nothing', async () => {
    repository.commit('settings', { '.volt.yml': 'command: x' });
    const nothing = { settings: undefined, tree: undefined };
    expect(await one({}, 'make')).to.deep.include(nothing);
    expect(await one({ skip: '[skip ci]' })).to.deep.include(nothing);
    const event = { name: 'repository_dispatch', type: 'x', payload: null } as const;
    expect(await one({ event })).to.deep.include(nothing);
  });

  it('.volt.yml of another branch, together with that of the default branch', async () => {
    repository.commit('settings', { '.volt.yml': 'command: x' });
    repository.git('checkout', '--quiet', '-b', 'side');
    repository.commit('other settings', { '.volt.yml': 'command: y' });
    const ref = 'refs/heads/side';
    expect((await one({ ref }))?.settings).to.deep.equal({ own: 'command: y', trusted: 'command: x' });
    repository.git('checkout', '--quiet', 'main');
    repository.git('rm', '--quiet', '.volt.yml');
    repository.commit('no settings');
    const sha = repository.git('rev-parse', 'side');
    expect((await described([message(sha, { ref })]))[0]?.settings).to.deep.equal({ own: 'command: y', trusted: null });
  });

  it('.volt.yml of the default branch where another branch has deleted its own', async () => {
    repository.commit('settings', { '.volt.yml': 'labels: [apart]' });
    repository.git('checkout', '--quiet', '-b', 'side');
    repository.git('rm', '--quiet', '.volt.yml');
    repository.commit('no settings');
    const settings = { own: '', trusted: 'labels: [apart]' };
    expect((await one({ ref: 'refs/heads/side' }))?.settings).to.deep.equal(settings);
    repository.commit('workflow', { '.volt/workflows/a.yml': 'on: push' });
    expect((await one({ ref: 'refs/heads/side' }))?.settings).to.deep.equal(settings);
  });

  it('nothing of a default branch that does not exist; but it is an error where git cannot tell', async () => {
    await mirror.fetch();
    const ref = 'refs/heads/side';
    const of = (branch: string) =>
      allDescribed(mirror, { command: null }, [message(repository.head(), { ref })], branch);
    expect((await of('gone'))[0]?.settings).to.equal(undefined);
    const blob = repository.git('rev-parse', 'HEAD:go.mod');
    writeFileSync(join(mirror.path, 'refs', 'heads', 'odd'), `${blob}\n`);
    const failure = await of('odd').catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error);
    expect(String(failure)).to.include('not a tree object');
  });

  it('that .volt.yml is too large, or a link, with and without workflow files', async () => {
    repository.commit('settings', { '.volt.yml': `# ${'x'.repeat(150_000)}` });
    expect((await one())?.settings).to.deep.equal({ own: null });
    rmSync(join(repository.path, '.volt.yml'));
    symlinkSync('settings.yml', join(repository.path, '.volt.yml'));
    repository.commit('a link', { 'settings.yml': 'command: x' });
    expect((await one())?.settings).to.deep.equal({ own: null });
    repository.commit('workflow', { '.volt/workflows/a.yml': 'on: push' });
    expect((await one())?.settings).to.deep.equal({ own: null });
  });

  it('the text behind a link as it is in each of many commits', async () => {
    symlinkSync('make.mk', join(repository.path, 'Makefile'));
    const shas = [
      repository.commit('a link', { 'make.mk': 'test:\n\techo 1\n' }),
      repository.commit('behind the link', { 'make.mk': 'test:\n\techo 2\n' }),
    ];
    const found = await described(shas.map((sha) => message(sha)));
    expect(found.map(({ tree }) => new Map(tree?.texts).get('Makefile'))).to.deep.equal([
      'test:\n\techo 1\n',
      'test:\n\techo 2\n',
    ]);
  });

  it('the files of its own commit where many commits are sent together', async () => {
    const shas = [
      repository.head(),
      repository.commit('no other list', { 'a.go': 'package b' }),
      repository.commit('a text', { 'go.mod': 'module y' }),
      repository.commit('a new file', { 'b.go': '' }),
    ];
    repository.git('update-index', '--chmod=+x', 'b.go');
    repository.git('commit', '--quiet', '--message', 'only a mode');
    shas.push(repository.head());
    repository.git('checkout', '--quiet', '--force', '-b', 'side', shas[2] as string);
    repository.commit('on the side', { 'c.go': '' });
    repository.git('checkout', '--quiet', '--force', 'main');
    repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'side');
    shas.push(repository.head());
    repository.commit('workflow', { '.volt/workflows/a.yml': 'on: push' });
    shas.push(repository.head());
    repository.git('rm', '--quiet', '-r', '.volt');
    shas.push(repository.commit('no workflow'));
    const found = await described(shas.map((sha) => message(sha)));
    const short = found.map(({ tree }) =>
      tree ? [...tree.files.map(({ path, executable }) => path + (executable ? '!' : '')), tree.texts[0]?.[1]] : tree,
    );
    expect(short).to.deep.equal([
      ['a.go', 'go.mod', 'module x'],
      ['a.go', 'go.mod', 'module x'],
      ['a.go', 'go.mod', 'module y'],
      ['a.go', 'b.go', 'go.mod', 'module y'],
      ['a.go', 'b.go!', 'go.mod', 'module y'],
      ['a.go', 'b.go!', 'c.go', 'go.mod', 'module y'],
      undefined,
      ['a.go', 'b.go!', 'c.go', 'go.mod', 'module y'],
    ]);
  });
});
