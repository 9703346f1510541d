import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { cursorsOf, markAbsent, moveCursor } from '../../src/record/cursors.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import type { Record } from '../../src/record/record.ts';
import {
  changeRepository,
  createRepository,
  findRepository,
  listRepositories,
  repositoryAt,
  saveRepository,
} from '../../src/record/repositories.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';

describe('repositories in the record', () => {
  const folders = new TestFolders();
  let record: Record;

  beforeEach(async () => {
    record = await openRecord(folders.make());
  });

  afterEach(() => record.close());

  after(folders.remove);

  it('are found by name and by address, as they were saved', async () => {
    const saved = await observed(record, 'app', {
      host: 'box',
      branches: ['main', 'release/*'],
      pollSeconds: 0.5,
      commits: 'latest',
      command: 'make test',
    });
    expect(await findRepository(record, 'app')).to.deep.include(saved);
    expect(await repositoryAt(record, saved.url)).to.deep.equal(saved);
    expect(await findRepository(record, 'other')).to.equal(undefined);
    expect(await repositoryAt(record, 'other')).to.equal(undefined);
  });

  it('take new settings and keep what is known of them', async () => {
    const saved = await observed(record);
    await noteObserved(record, 'app', { defaultBranch: 'main', notice: null });
    await saveRepository(record, { ...saved, command: 'make check', pollSeconds: 60 });
    const [listed] = await listRepositories(record);
    expect(listed).to.include({ command: 'make check', pollSeconds: 60, defaultBranch: 'main' });
  });

  it('do not take the name of another one', async () => {
    await observed(record);
    await failure('name_taken', () => observed(record, 'app', { url: 'https://example.com/other.git' }));
    const saved = await findRepository(record, 'app');
    await failure('name_taken', () => createRepository(record, saved as NonNullable<typeof saved>));
    expect(await findRepository(record, 'app')).to.include({ url: 'https://example.com/app.git' });
  });

  it('can be changed in part; what is not observed cannot', async () => {
    const saved = await observed(record, 'app', { command: 'make', tags: ['v*'] });
    expect(await changeRepository(record, 'app', { command: null, branches: ['dev'] })).to.deep.include({
      ...saved,
      command: null,
      branches: ['dev'],
    });
    expect(await findRepository(record, 'app')).to.deep.include({ ...saved, command: null, branches: ['dev'] });
    expect(await changeRepository(record, 'other', { command: null })).to.equal(undefined);
  });

  it('forget an error of old when their settings are changed', async () => {
    await observed(record);
    await noteObserveError(record, 'app', new VoltError('fetch_failed', 'no', { remedy: '' }), () => 60_000);
    expect((await findRepository(record, 'app'))?.retryAt).to.not.equal(null);
    await changeRepository(record, 'app', { pollSeconds: 9 });
    expect(await findRepository(record, 'app')).to.deep.include({ error: null, retryAt: null });
  });

  it('pause longer after each failure in a row', async () => {
    await observed(record);
    const counted: number[] = [];
    const error = new VoltError('fetch_failed', 'no', { remedy: '' });
    const fail = () => noteObserveError(record, 'app', error, (failures) => counted.push(failures) * 0);
    for (let count = 0; count < 3; count++) await fail();
    await noteObserved(record, 'app', { defaultBranch: null, notice: 'a word' });
    await fail();
    expect(counted).to.deep.equal([1, 2, 3, 1]);
    expect((await findRepository(record, 'app'))?.notice).to.equal('a word');
  });

  it('have names that can be paths and keys', async () => {
    await failure('bad_name', () => observed(record, '../app'));
  });

  it('are listed by name, with what the last look at them came to', async () => {
    for (const name of ['b', 'a', 'c']) await observed(record, name);
    await noteObserved(record, 'a', { defaultBranch: null, notice: null });
    await noteObserveError(record, 'b', new VoltError('fetch_failed', 'no answer', { remedy: 'see the network' }));
    const list = await listRepositories(record);
    expect(list.map(({ name }) => name)).to.deep.equal(['a', 'b', 'c']);
    expect(list.map(({ observedAt, error }) => [observedAt !== null, error?.code])).to.deep.equal([
      [true, undefined],
      [false, 'fetch_failed'],
      [false, undefined],
    ]);
    expect(list[1]?.error).to.include({ message: 'no answer', remedy: 'see the network' });
  });

  it('remember since when looking at them fails, until it works again', async () => {
    await observed(record);
    const errorNow = async () => (await listRepositories(record))[0]?.error;
    await noteObserveError(record, 'app', new VoltError('fetch_failed', 'first', { remedy: '' }));
    // as if that had been long ago
    const since = '2026-01-02T03:04:05.000Z';
    await record.db
      .updateTable('repositories')
      .set({ error_since: Date.parse(since) })
      .execute();
    await noteObserveError(record, 'app', new VoltError('git_failed', 'second', { remedy: '' }));
    expect(await errorNow()).to.include({ code: 'git_failed', message: 'second', since });
    await noteObserved(record, 'app', { defaultBranch: 'main', notice: null });
    expect(await errorNow()).to.equal(null);
    await noteObserveError(record, 'app', new VoltError('fetch_failed', 'third', { remedy: '' }));
    expect((await errorNow())?.since).to.not.equal(since);
  });

  describe("a ref's cursor", () => {
    const at = (sha: string, generation: number) => ({ ref: 'refs/heads/main', sha, generation });
    const move = (before: { sha: string; generation: number } | null, after: ReturnType<typeof at>) =>
      record.write((db) => moveCursor(db, 'app', before, after));

    it('is marked when its ref has gone, unless it has moved meanwhile, and no more when it moves', async () => {
      await move(null, at('a', 0));
      const cursor = async () => (await cursorsOf(record, 'app')).get('refs/heads/main');
      const old = await cursor();
      if (!old) throw new Error('no cursor');
      await move({ sha: 'a', generation: 0 }, at('b', 0));
      await markAbsent(record, 'app', [{ cursor: old, absent: true }]);
      expect(await cursor()).to.include({ absent: false });
      await markAbsent(record, 'app', [{ cursor: { ...old, sha: 'b' }, absent: true }]);
      expect(await cursor()).to.include({ absent: true });
      await move({ sha: 'b', generation: 0 }, at('c', 1));
      expect(await cursor()).to.deep.equal({
        ref: 'refs/heads/main',
        sha: 'c',
        generation: 1,
        absent: false,
        again: false,
      });
    });

    it('stands at a new generation and is to be built again when the command is another one', async () => {
      const saved = await observed(record);
      await move(null, at('a', 3));
      await record.write((db) => moveCursor(db, 'app', null, { ref: 'refs/tags/v1', sha: 'a', generation: 0 }));
      await changeRepository(record, 'app', { pollSeconds: 9 });
      await saveRepository(record, { ...saved, commits: 'latest' });
      expect((await cursorsOf(record, 'app')).get('refs/heads/main')).to.include({ generation: 3, again: false });
      await changeRepository(record, 'app', { command: 'make' });
      expect((await cursorsOf(record, 'app')).get('refs/heads/main')).to.include({ generation: 4, again: true });
      expect((await cursorsOf(record, 'app')).get('refs/tags/v1')).to.include({ generation: 0, again: false });
      expect(await move({ sha: 'a', generation: 3 }, at('b', 3)), 'what was offered before').to.equal(false);
    });

    it('moves only from where it stands', async () => {
      expect(await move({ sha: 'a', generation: 0 }, at('b', 0)), 'from nowhere').to.equal(false);
      expect(await move(null, at('a', 0))).to.equal(true);
      expect(await move(null, at('b', 0)), 'as if it were new').to.equal(false);
      expect(await move({ sha: 'x', generation: 0 }, at('b', 0)), 'from another commit').to.equal(false);
      expect(await move({ sha: 'a', generation: 1 }, at('b', 1)), 'from another generation').to.equal(false);
      expect(await move({ sha: 'a', generation: 0 }, at('b', 0))).to.equal(true);
      expect(await move({ sha: 'a', generation: 0 }, at('b', 0)), 'again').to.equal(false);
    });
  });
});
