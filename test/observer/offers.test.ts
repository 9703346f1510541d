import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror.ts';
import { offersOf } from '../../src/observer/offers.ts';
import { commitMessage } from '../../src/queues/messages.ts';
import type { Cursor } from '../../src/record/repositories.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const ref = 'refs/heads/main';

describe('the commits that are offered of a ref', () => {
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

  const cursorAt = (sha: string, generation = 0): Cursor => ({ ref, sha, generation });

  async function offers(cursor: Cursor | undefined, options: { commits?: 'every' | 'latest'; backlog?: number } = {}) {
    await mirror.fetch();
    const settings = { name: 'app', commits: options.commits ?? 'every' };
    const list = await offersOf(mirror, settings, ref, repository.head(), cursor, options.backlog ?? 1000);
    // what is offered is sent as it is
    for (const offer of list) expect(commitMessage.parse(offer)).to.deep.equal(offer);
    return list;
  }

  const shas = (list: { sha: string }[]) => list.map(({ sha }) => sha);

  it('are the head alone, where the ref is new', async () => {
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

  it('are none, where the cursor stands at the head', async () => {
    expect(await offers(cursorAt(first))).to.deep.equal([]);
  });

  it('are all since the cursor, oldest first, each following the one before', async () => {
    const added = repository.burst(3);
    const list = await offers(cursorAt(first, 2));
    expect(shas(list)).to.deep.equal(added);
    expect(list.map(({ cursor }) => cursor)).to.deep.equal(
      [first, ...added.slice(0, 2)].map((sha) => ({ generation: 2, before: { generation: 2, sha } })),
    );
    expect(list.every(({ more, passedOver }) => !more && passedOver === 0)).to.equal(true);
  });

  it('are fifty at a time, the last of which says that more wait', async () => {
    const added = repository.burst(60);
    const list = await offers(cursorAt(first));
    expect(shas(list)).to.deep.equal(added.slice(0, 50));
    expect(list.map(({ more }) => more)).to.deep.equal([...Array(49).fill(false), true]);
    const second = await offers(cursorAt(added[49] as string));
    expect(shas(second)).to.deep.equal(added.slice(50));
    expect(second.at(-1)?.more).to.equal(false);
  });

  it('are exactly fifty without a word of more, where there are no more', async () => {
    repository.burst(50);
    expect((await offers(cursorAt(first))).filter(({ more }) => more)).to.deep.equal([]);
  });

  it('are the same ones at every look, until they are recorded', async () => {
    repository.burst(51);
    const list = await offers(cursorAt(first));
    repository.commit('more');
    expect(await offers(cursorAt(first))).to.deep.equal(list);
  });

  it('are no more than the backlog; the first says how many were passed over', async () => {
    const added = repository.burst(7);
    const list = await offers(cursorAt(first), { backlog: 3 });
    expect(shas(list)).to.deep.equal(added.slice(4));
    expect(list.map(({ passedOver }) => passedOver)).to.deep.equal([4, 0, 0]);
    expect(list[0]?.cursor?.before).to.deep.equal({ generation: 0, sha: first });
  });

  it('are the newest alone, where only the latest is wanted', async () => {
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

  it('are of a new generation where the commit at the cursor is lost', async () => {
    repository.commit('new');
    const list = await offers(cursorAt('d'.repeat(40)));
    expect(shas(list)).to.deep.equal([repository.head()]);
    expect(list[0]?.cursor).to.deep.equal({ generation: 1, before: { generation: 0, sha: 'd'.repeat(40) } });
  });
});
