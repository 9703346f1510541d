import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { cursorsOf, markAbsent, moveCursor } from '../../src/record/cursors.ts';
import type { Database } from '../../src/record/database.ts';
import { noteObserved, noteObserveError } from '../../src/record/observations.ts';
import {
  changeRepository,
  createRepository,
  findRepository,
  listRepositories,
  repositoryAt,
  saveRepository,
} from '../../src/record/repositories.ts';
import { failure } from '../support/failure.ts';
import { observed, withRecord } from '../support/record.ts';

describe('repositories in the database', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: [] },
  );

  it('are found by name and by address, as they were saved', async () => {
    const saved = await observed(database, 'app', {
      host: 'box',
      branches: ['main', 'release/*'],
      pollSeconds: 0.5,
      commits: 'latest',
      command: 'make test',
      project: { cgit: 'https://git.example.org/app' },
    });
    expect(await findRepository(database, 'app')).to.deep.include(saved);
    expect(await repositoryAt(database, saved.url)).to.deep.equal(saved);
    expect(await findRepository(database, 'other')).to.equal(undefined);
    expect(await repositoryAt(database, 'other')).to.equal(undefined);
  });

  it('take new settings and keep their state', async () => {
    const saved = await observed(database);
    await noteObserved(database, 'app', { defaultBranch: 'main', notice: null });
    await saveRepository(database, { ...saved, command: 'make check', pollSeconds: 60 });
    const [listed] = await listRepositories(database);
    expect(listed).to.include({ command: 'make check', pollSeconds: 60, defaultBranch: 'main' });
  });

  it('do not take the name of another one', async () => {
    await observed(database);
    await failure('name_taken', () => observed(database, 'app', { url: 'https://example.com/other.git' }));
    const saved = await findRepository(database, 'app');
    await failure('name_taken', () => createRepository(database, saved as NonNullable<typeof saved>));
    expect(await findRepository(database, 'app')).to.include({ url: 'https://example.com/app.git' });
  });

  it('can be changed in part, unless they are not observed', async () => {
    const saved = await observed(database, 'app', { command: 'make', tags: ['v*'] });
    expect(await changeRepository(database, 'app', { command: null, branches: ['dev'] })).to.deep.include({
      ...saved,
      command: null,
      branches: ['dev'],
    });
    expect(await findRepository(database, 'app')).to.deep.include({ ...saved, command: null, branches: ['dev'] });
    expect(await changeRepository(database, 'other', { command: null })).to.equal(undefined);
  });

  it('forget an error of old when their settings are changed', async () => {
    await observed(database);
    await noteObserveError(database, 'app', new VoltError('fetch_failed', 'no', { remedy: '' }), () => 60_000);
    expect((await findRepository(database, 'app'))?.retryAt).to.not.equal(null);
    await changeRepository(database, 'app', { pollSeconds: 9 });
    expect(await findRepository(database, 'app')).to.deep.include({ error: null, retryAt: null });
  });

  it('pause longer after each failure in a row', async () => {
    await observed(database);
    const counted: number[] = [];
    const error = new VoltError('fetch_failed', 'no', { remedy: '' });
    const fail = () => noteObserveError(database, 'app', error, (failures) => counted.push(failures) * 0);
    for (let count = 0; count < 3; count++) await fail();
    await noteObserved(database, 'app', { defaultBranch: null, notice: 'a word' });
    await fail();
    expect(counted).to.deep.equal([1, 2, 3, 1]);
    expect((await findRepository(database, 'app'))?.notice).to.equal('a word');
  });

  it('have names that can be paths and keys', async () => {
    await failure('bad_name', () => observed(database, '../app'));
  });

  it('are listed by name, with the result of the last poll', async () => {
    for (const name of ['b', 'a', 'c']) await observed(database, name);
    await noteObserved(database, 'a', { defaultBranch: null, notice: null });
    await noteObserveError(database, 'b', new VoltError('fetch_failed', 'no answer', { remedy: 'see the network' }));
    const list = await listRepositories(database);
    expect(list.map(({ name }) => name)).to.deep.equal(['a', 'b', 'c']);
    expect(list.map(({ observedAt, error }) => [observedAt !== null, error?.code])).to.deep.equal([
      [true, undefined],
      [false, 'fetch_failed'],
      [false, undefined],
    ]);
    expect(list[1]?.error).to.include({ message: 'no answer', remedy: 'see the network' });
  });

  it('remember since when looking at them fails, until it works again', async () => {
    await observed(database);
    const errorNow = async () => (await listRepositories(database))[0]?.error;
    await noteObserveError(database, 'app', new VoltError('fetch_failed', 'first', { remedy: '' }));
    // as if that had been long ago
    const since = '2026-01-02T03:04:05.000Z';
    await database.db
      .updateTable('repositories')
      .set({ error_since: Date.parse(since) })
      .execute();
    await noteObserveError(database, 'app', new VoltError('git_failed', 'second', { remedy: '' }));
    expect(await errorNow()).to.include({ code: 'git_failed', message: 'second', since });
    await noteObserved(database, 'app', { defaultBranch: 'main', notice: null });
    expect(await errorNow()).to.equal(null);
    await noteObserveError(database, 'app', new VoltError('fetch_failed', 'third', { remedy: '' }));
    expect((await errorNow())?.since).to.not.equal(since);
  });

  describe("a ref's cursor", () => {
    const at = (sha: string, generation: number) => ({ ref: 'refs/heads/main', sha, generation });
    const move = (before: { sha: string; generation: number } | null, after: ReturnType<typeof at>) =>
      database.write((db) => moveCursor(db, 'app', before, after));

    it('is marked when its ref is deleted, unless it has moved, and unmarked when it moves', async () => {
      await move(null, at('a', 0));
      const cursor = async () => (await cursorsOf(database, 'app')).get('refs/heads/main');
      const old = await cursor();
      if (!old) throw new Error('no cursor');
      await move({ sha: 'a', generation: 0 }, at('b', 0));
      await markAbsent(database, 'app', [{ cursor: old, absent: true }]);
      expect(await cursor()).to.include({ absent: false });
      await markAbsent(database, 'app', [{ cursor: { ...old, sha: 'b' }, absent: true }]);
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

    it('gets a new generation, and its commit is to be built again, when the command changes', async () => {
      const saved = await observed(database);
      await move(null, at('a', 3));
      await database.write((db) => moveCursor(db, 'app', null, { ref: 'refs/tags/v1', sha: 'a', generation: 0 }));
      await changeRepository(database, 'app', { pollSeconds: 9 });
      await saveRepository(database, { ...saved, commits: 'latest' });
      expect((await cursorsOf(database, 'app')).get('refs/heads/main')).to.include({ generation: 3, again: false });
      await changeRepository(database, 'app', { command: 'make' });
      expect((await cursorsOf(database, 'app')).get('refs/heads/main')).to.include({ generation: 4, again: true });
      expect((await cursorsOf(database, 'app')).get('refs/tags/v1')).to.include({ generation: 0, again: false });
      expect(await move({ sha: 'a', generation: 3 }, at('b', 3)), 'what was offered before').to.equal(false);
    });

    it('moves only from its current commit', async () => {
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
