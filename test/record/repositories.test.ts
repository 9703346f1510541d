import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import type { Record } from '../../src/record/record.ts';
import {
  findRepository,
  listRepositories,
  moveCursor,
  noteObserved,
  noteObserveError,
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
    expect(await findRepository(record, 'app')).to.deep.equal(saved);
    expect(await repositoryAt(record, saved.url)).to.deep.equal(saved);
    expect(await findRepository(record, 'other')).to.equal(undefined);
    expect(await repositoryAt(record, 'other')).to.equal(undefined);
  });

  it('take new settings and keep what is known of them', async () => {
    const saved = await observed(record);
    await noteObserved(record, 'app', 'main');
    await saveRepository(record, { ...saved, command: 'make check', pollSeconds: 60 });
    const [listed] = await listRepositories(record);
    expect(listed).to.include({ command: 'make check', pollSeconds: 60, defaultBranch: 'main' });
  });

  it('do not take the name of another one', async () => {
    await observed(record);
    const error = await failure('name_taken', () => observed(record, 'app', { url: 'https://example.com/other.git' }));
    expect(error.message).to.include('https://example.com/app.git');
    expect(await findRepository(record, 'app')).to.include({ url: 'https://example.com/app.git' });
  });

  it('have names that can be paths and keys', async () => {
    await failure('bad_name', () => observed(record, '../app'));
  });

  it('are listed by name, with what the last look at them came to', async () => {
    for (const name of ['b', 'a', 'c']) await observed(record, name);
    await noteObserved(record, 'a', null);
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
    await noteObserved(record, 'app', 'main');
    expect(await errorNow()).to.equal(null);
    await noteObserveError(record, 'app', new VoltError('fetch_failed', 'third', { remedy: '' }));
    expect((await errorNow())?.since).to.not.equal(since);
  });

  describe("a ref's cursor", () => {
    const at = (sha: string, generation: number) => ({ ref: 'refs/heads/main', sha, generation });
    const move = (before: { sha: string; generation: number } | null, after: ReturnType<typeof at>) =>
      record.write((db) => moveCursor(db, 'app', before, after));

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
