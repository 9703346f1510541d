import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { nextMessages } from '../../src/observer/next-messages.ts';
import { commitMessage } from '../../src/queues/messages.ts';
import type { Cursor } from '../../src/record/cursors.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const ref = 'refs/heads/main';

describe('the commits of a ref that are sent', () => {
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

  const cursorAt = (sha: string, generation = 0, marks: Partial<Cursor> = {}): Cursor => ({
    ref,
    sha,
    generation,
    absent: false,
    again: false,
    ...marks,
  });

  async function offers(
    cursor: Cursor | undefined,
    options: { commits?: 'every' | 'latest'; backlog?: number; base?: string; of?: string } = {},
  ) {
    await mirror.fetch();
    const { commits = 'every', backlog = 1000, base, of = ref } = options;
    const head = repository.git('rev-parse', `${of}^{commit}`);
    const list = await nextMessages(mirror, { name: 'app', commits }, { ref: of, head, cursor }, { backlog, base });
    // what is offered is sent as it is
    for (const offer of list) expect(commitMessage.parse(offer)).to.deep.equal(offer);
    return list;
  }

  const shas = (list: { sha: string }[]) => list.map(({ sha }) => sha);

  it('are the head alone where the ref is new', async () => {
    repository.burst(5);
    const [only, ...more] = await offers(undefined);
    expect(more).to.deep.equal([]);
    expect(only).to.deep.include({
      repo: 'app',
      ref,
      sha: repository.head(),
      trigger: 'commit',
      subject: 'burst 5',
      author: 'Ada',
      cursor: { generation: 0, before: null },
      passedOver: 0,
      more: false,
    });
  });

  it('are none if the cursor is at the head', async () => {
    expect(await offers(cursorAt(first))).to.deep.equal([]);
  });

  it('are all since the cursor, oldest first', async () => {
    const added = repository.burst(3);
    const list = await offers(cursorAt(first, 2));
    expect(shas(list)).to.deep.equal(added);
    expect(list.map(({ cursor }) => cursor)).to.deep.equal(
      [first, ...added.slice(0, 2)].map((sha) => ({ generation: 2, before: { generation: 2, sha } })),
    );
    expect(list.every(({ more, passedOver }) => !more && passedOver === 0)).to.equal(true);
  });

  it('are fifty at a time, and the last one says that more wait', async () => {
    const added = repository.burst(60);
    const list = await offers(cursorAt(first));
    expect(shas(list)).to.deep.equal(added.slice(0, 50));
    expect(list.map(({ more }) => more)).to.deep.equal([...Array(49).fill(false), true]);
    const second = await offers(cursorAt(added[49] as string));
    expect(shas(second)).to.deep.equal(added.slice(50));
    expect(second.at(-1)?.more).to.equal(false);
  });

  it('are exactly fifty, and the last one does not say that more wait, where there are no more', async () => {
    repository.burst(50);
    expect((await offers(cursorAt(first))).filter(({ more }) => more)).to.deep.equal([]);
  });

  it('are the same at every poll until they are recorded', async () => {
    repository.burst(51);
    const list = await offers(cursorAt(first));
    repository.commit('more');
    expect(await offers(cursorAt(first))).to.deep.equal(list);
  });

  it('are no more than the backlog, and the first says how many were passed over', async () => {
    const added = repository.burst(7);
    const list = await offers(cursorAt(first), { backlog: 3 });
    expect(shas(list)).to.deep.equal(added.slice(4));
    expect(list.map(({ passedOver }) => passedOver)).to.deep.equal([4, 0, 0]);
    expect(list[0]?.cursor?.before).to.deep.equal({ generation: 0, sha: first });
  });

  it('are the newest alone with the setting latest', async () => {
    repository.burst(3);
    const list = await offers(cursorAt(first), { commits: 'latest' });
    expect(shas(list)).to.deep.equal([repository.head()]);
    expect(list[0]).to.deep.include({ more: false, cursor: { generation: 0, before: { generation: 0, sha: first } } });
  });

  it('are of a new generation after a forced push', async () => {
    const old = repository.commit('old');
    await mirror.fetch();
    repository.git('reset', '--quiet', '--hard', first);
    const added = [repository.commit('new'), repository.commit('newer')];
    const list = await offers(cursorAt(old, 4));
    expect(list.map(({ sha, cursor }) => [sha, cursor])).to.deep.equal([
      [added[0], { generation: 5, before: { generation: 4, sha: old } }],
      [added[1], { generation: 5, before: { generation: 5, sha: added[0] } }],
    ]);
  });

  it('are of a new generation after a forced push back, so that the old commit is built again', async () => {
    const old = repository.commit('old');
    await mirror.fetch();
    repository.git('reset', '--quiet', '--hard', first);
    const list = await offers(cursorAt(old));
    expect(list.map(({ sha, cursor }) => [sha, cursor])).to.deep.equal([
      [first, { generation: 1, before: { generation: 0, sha: old } }],
    ]);
    // and forth again
    repository.git('reset', '--quiet', '--hard', old);
    const again = await offers(cursorAt(first, 1));
    expect(again.map(({ sha, cursor }) => [sha, cursor])).to.deep.equal([
      [old, { generation: 1, before: { generation: 1, sha: first } }],
    ]);
  });

  it('are of a new generation if the commit at the cursor no longer exists', async () => {
    repository.commit('new');
    const list = await offers(cursorAt('d'.repeat(40)));
    expect(shas(list)).to.deep.equal([repository.head()]);
    expect(list[0]?.cursor).to.deep.equal({ generation: 1, before: { generation: 0, sha: 'd'.repeat(40) } });
  });

  it('are its own commits alone where it was rebased onto another one', async () => {
    repository.git('checkout', '--quiet', '-b', 'topic');
    const old = repository.commit('on the topic', { 'topic.txt': 'x' });
    repository.git('checkout', '--quiet', 'main');
    for (const message of ['a', 'b', 'c']) repository.commit(message);
    await mirror.fetch();
    repository.git('checkout', '--quiet', 'topic');
    repository.git('rebase', '--quiet', 'main');
    const of = 'refs/heads/topic';
    const list = await offers(cursorAt(old, 0, { ref: of }), { of, base: 'refs/heads/main' });
    expect(list.map(({ subject, cursor }) => [subject, cursor?.generation])).to.deep.equal([['on the topic', 1]]);
    // reset to where the other one is, it has none of its own, and its head is built
    repository.git('reset', '--quiet', '--hard', 'main');
    const reset = await offers(cursorAt(old, 0, { ref: of }), { of, base: 'refs/heads/main' });
    expect(shas(reset)).to.deep.equal([repository.head()]);
    // the other one itself has no base
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', first);
    const forced = [repository.commit('forced'), repository.commit('forced again')];
    expect(shas(await offers(cursorAt(old), { base: 'refs/heads/main' }))).to.deep.equal(forced);
  });

  it('are the head alone in a new generation where a branch was deleted and is back', async () => {
    repository.burst(3);
    const list = await offers(cursorAt(first, 2, { absent: true }));
    expect(list.map(({ sha, cursor }) => [sha, cursor])).to.deep.equal([
      [repository.head(), { generation: 3, before: { generation: 2, sha: first } }],
    ]);
    expect(await offers(cursorAt(repository.head(), 2, { absent: true })), 'back where it was').to.deep.equal([]);
  });

  it('include the head again if it is to be built again', async () => {
    const list = await offers(cursorAt(first, 2, { again: true }));
    expect(list.map(({ sha, cursor }) => [sha, cursor])).to.deep.equal([
      [first, { generation: 3, before: { generation: 2, sha: first } }],
    ]);
    const second = repository.commit('second');
    expect(shas(await offers(cursorAt(first, 2, { again: true })))).to.deep.equal([second]);
  });

  it('of a tag are the commit that it points to, without history', async () => {
    repository.git('tag', '--annotate', '--message', 'x', 'v1');
    repository.burst(3);
    const of = 'refs/tags/v1';
    expect(shas(await offers(undefined, { of }))).to.deep.equal([first]);
    repository.git('tag', '--force', '--annotate', '--message', 'y', 'v1');
    const moved = await offers(cursorAt(first, 0, { ref: of }), { of });
    expect(moved.map(({ sha, cursor }) => [sha, cursor?.generation])).to.deep.equal([[repository.head(), 1]]);
  });

  it('carry the mark of those that are not built', async () => {
    const skipped = repository.commit('docs [skip ci]');
    const built = repository.commit('code\n\nwe do not skip ci here');
    const trailer = repository.commit('more docs\n\nwords\n\nskip-checks: true');
    const list = await offers(cursorAt(first));
    expect(list.map(({ sha, skip }) => [sha, skip])).to.deep.equal([
      [skipped, '[skip ci]'],
      [built, undefined],
      [trailer, 'skip-checks: true'],
    ]);
  });
});
