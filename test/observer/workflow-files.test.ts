import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { allWithWorkflows } from '../../src/observer/workflow-files.ts';
import { type CommitMessage, commitMessage } from '../../src/queues/messages.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

describe('the message of a commit', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;

  beforeEach(() => {
    repository = new TestRepository({ README: 'x' });
    mirror = new Mirror(folders.make(), repository.path);
  });
  afterEach(() => repository.remove());
  after(folders.remove);

  async function offered(before: string | null, change: Partial<CommitMessage> = {}, command: string | null = null) {
    await mirror.fetch();
    const [full] = await allWithWorkflows(mirror, { command }, [message(repository.head(), before, change)], 'main');
    return commitMessage.parse(full).workflows;
  }

  function message(sha: string, before: string | null, change: Partial<CommitMessage> = {}): CommitMessage {
    return {
      ...{ v: 1, repo: 'app', ref: 'refs/heads/main', sha, subject: '', author: 'Ada' },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'commit', passedOver: 0, more: false },
      cursor: { generation: 0, before: before === null ? null : { generation: 0, sha: before } },
      ...change,
    };
  }

  it('carries the workflow files of Volt, or else those of GitHub', async () => {
    expect(await offered(null)).to.equal(undefined);
    repository.commit('one', { '.github/workflows/a.yml': 'a', '.github/workflows/b.yaml': 'b', '.github/c.yml': 'c' });
    expect(await offered(null)).to.deep.equal({
      files: [
        { path: '.github/workflows/a.yml', text: 'a' },
        { path: '.github/workflows/b.yaml', text: 'b' },
      ],
      changed: null,
      defaultBranch: 'main',
    });
    repository.commit('two', { '.volt/workflows/v.yml': 'v' });
    expect((await offered(null))?.files).to.deep.equal([{ path: '.volt/workflows/v.yml', text: 'v' }]);
  });

  it('carries the changed paths only where a file filters by paths', async () => {
    const before = repository.commit('one', { '.github/workflows/a.yml': 'on: push' });
    repository.commit('two', { 'src/a': '1' });
    expect((await offered(before))?.changed).to.equal(null);
    const asked = repository.commit('three', { '.github/workflows/a.yml': "on: { push: { paths: ['src/**'] } }" });
    repository.commit('four', { 'src/a': '2', 'ä b': '' });
    expect((await offered(asked))?.changed).to.have.members(['src/a', 'ä b']);
    expect((await offered(null))?.changed).to.equal(null);
  });

  it('carries no files for a repository with a command and for a skipped commit', async () => {
    repository.commit('one', { '.github/workflows/a.yml': 'a' });
    expect(await offered(null, { skip: '[skip ci]' })).to.equal(undefined);
    expect(await offered(null, {}, 'make')).to.equal(undefined);
  });

  it('carries the files of its own commit where many commits are sent together', async () => {
    const file = '.github/workflows/a.yml';
    const shas = [repository.head(), repository.commit('a', { [file]: 'a' }), repository.commit('other', { x: '1' })];
    repository.git('checkout', '--quiet', '-b', 'side');
    repository.commit('on the side', { [file]: 'b' });
    repository.git('checkout', '--quiet', 'main');
    shas.push(repository.commit('on main', { y: '1' }));
    repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'side');
    shas.push(repository.head(), repository.commit('skipped', { [file]: 'c' }), repository.commit('last', { x: '2' }));
    repository.git('rm', '--quiet', '--', file);
    shas.push(repository.commit('gone'));
    await mirror.fetch();
    const messages = shas.map((sha, index) =>
      message(sha, shas[index - 1] ?? null, index === 5 ? { skip: '[skip ci]' } : {}),
    );
    const full = await allWithWorkflows(mirror, { command: null }, messages, 'main');
    expect(full.map(({ sha }) => sha)).to.deep.equal(shas);
    const seen = full.map(({ workflows }) => workflows?.files.map(({ text }) => text).join());
    expect(seen).to.deep.equal([undefined, 'a', 'a', 'a', 'b', undefined, 'c', undefined]);
  });
});
