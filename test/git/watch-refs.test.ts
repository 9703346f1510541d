import { realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type RefWatch, watchRefs } from '../../src/git/watch-refs.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('watching the refs of a repository', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let changes = 0;
  let watching: RefWatch | undefined;

  beforeEach(() => {
    repository = new TestRepository({ 'a.txt': 'a\n' });
  });

  afterEach(async () => {
    await watching?.close();
    watching = undefined;
    repository.remove();
  });

  after(folders.remove);

  async function watch(path = repository.path): Promise<void> {
    changes = 0;
    watching = await watchRefs(
      path,
      () => changes++,
      (error) => {
        throw error;
      },
    );
  }

  /** Whether the change is noticed. */
  async function notices(change: () => void): Promise<void> {
    // events of an earlier change may still arrive
    let before = -1;
    let calm = 0;
    await until('no more changes are reported', () => {
      calm = before === changes ? calm + 1 : 0;
      before = changes;
      return calm > 12;
    });
    change();
    await until('the change is noticed', () => changes > before, 5000);
  }

  it('notices each of several commits', async () => {
    await watch();
    for (const message of ['second', 'third']) await notices(() => repository.commit(message));
  });

  it('notices the last of several quick commits', async () => {
    await watch();
    for (let count = 1; count <= 10; count++) {
      const before = changes;
      repository.commit(`${count}`);
      await until(`commit ${count} is noticed`, () => changes > before, 5000);
    }
  });

  it('notices a new, a nested, a forced and a deleted branch', async () => {
    await watch();
    await notices(() => repository.git('branch', 'topic'));
    await notices(() => repository.git('branch', 'a/b/c/topic'));
    const fresh = repository.git('commit-tree', 'HEAD^{tree}', '-m', 'fresh');
    await notices(() => repository.git('branch', '--force', 'a/b/c/topic', fresh));
    await notices(() => repository.git('branch', '-D', 'topic'));
  });

  it('notices a change of the default branch', async () => {
    repository.git('branch', 'dev');
    await watch();
    await notices(() => repository.git('symbolic-ref', 'HEAD', 'refs/heads/dev'));
  });

  it('notices changes after the refs were packed', async () => {
    await watch();
    await notices(() => repository.git('pack-refs', '--all'));
    await notices(() => repository.commit('second'));
    await notices(() => repository.git('branch', 'topic'));
    repository.git('pack-refs', '--all');
    await notices(() => repository.git('branch', '-D', 'topic'));
  });

  it('notices a push into a bare repository', async () => {
    const bare = join(folders.make(), 'bare.git');
    repository.git('clone', '--quiet', '--bare', '.', bare);
    repository.git('remote', 'add', 'bare', bare);
    await watch(bare);
    repository.commit('second');
    await notices(() => repository.git('push', '--quiet', 'bare', 'main'));
  });

  it('notices commits in a linked work tree and in its main repository', async () => {
    const linked = join(realpathSync(folders.make()), 'linked');
    repository.git('worktree', 'add', '--quiet', '-b', 'topic', linked);
    await watch(linked);
    await notices(() => repository.git('-C', linked, 'commit', '--quiet', '--allow-empty', '--message', 'there'));
    await notices(() => repository.commit('here'));
  });

  it('notices changes in ref folders that are created, removed and created again', async () => {
    await watch();
    for (let round = 1; round <= 5; round++) {
      await notices(() => repository.git('branch', 'a/b/topic'));
      await notices(() =>
        repository.git(
          'branch',
          '--force',
          'a/b/topic',
          repository.git('commit-tree', 'HEAD^{tree}', '-m', `${round}`),
        ),
      );
      await notices(() => repository.git('branch', '-D', 'a/b/topic'));
    }
  });

  it('notices a tag', async () => {
    await watch();
    await notices(() => repository.git('tag', 'v1'));
    await notices(() => repository.git('tag', '--delete', 'v1'));
  });

  it('reports every quick change at once', async () => {
    await watch();
    const sha = repository.head();
    for (let count = 0; count < 50; count++) {
      const before = changes;
      repository.git('update-ref', `refs/heads/${count % 2 === 0 ? 'topic' : 'deep/er'}/${count}`, sha);
      await until(`change ${count} is noticed`, () => changes > before, 5000);
    }
  });

  it('reports a removed repository', async () => {
    const errors: unknown[] = [];
    watching = await watchRefs(
      repository.path,
      () => {},
      (error) => errors.push(error),
    );
    rmSync(repository.path, { recursive: true });
    await until('the removal is reported', () => errors.length > 0);
    expect(errors).to.have.length(1);
  });

  it('notices the first commit of an empty repository', async () => {
    const empty = new TestRepository();
    await watch(empty.path);
    await notices(() => empty.commit('first'));
    await watching?.close();
    empty.remove();
  });

  it('returns a new state only after a ref has moved', async () => {
    repository.commit('second');
    await watch();
    const state = () => (watching as RefWatch).state();
    const moves: { [what: string]: () => void } = {
      'a commit': () => repository.commit('third'),
      'a branch': () => repository.git('branch', 'topic'),
      'a branch in a folder': () => repository.git('branch', 'deep/er/one'),
      'a branch beside it': () => repository.git('branch', 'deep/er/two'),
      'a tag': () => repository.git('tag', 'v1'),
      'a move of a branch back': () => repository.git('update-ref', 'refs/heads/topic', 'HEAD~1'),
      'another default branch': () => repository.git('symbolic-ref', 'HEAD', 'refs/heads/topic'),
      'packed refs': () => repository.git('pack-refs', '--all'),
      'the end of a branch': () => repository.git('branch', '--delete', '--force', 'deep/er/one'),
    };
    for (const [what, move] of Object.entries(moves)) {
      const before = await until('no more changes are reported', async () => {
        const [one, two] = [await state(), await state()];
        return one === two ? one : undefined;
      });
      move();
      await until(`${what} is reported`, async () => (await state()) !== before);
    }
    await watching?.close();
    expect(await state()).to.equal(undefined);
  });

  it('reports nothing after it was closed', async () => {
    await watch();
    await notices(() => repository.commit('second'));
    await watching?.close();
    const before = changes;
    repository.commit('third');
    const second = await watchRefs(
      repository.path,
      () => {},
      () => {},
    );
    await second.close();
    expect(changes).to.equal(before);
  });
});
