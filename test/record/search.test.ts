import { expect } from 'chai';
import { type SearchKind, searchKinds } from '../../src/kernel/search-results.ts';
import type { Database } from '../../src/record/database.ts';
import { type Found, type SearchFilter, search } from '../../src/record/search.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { administrator, nobody } from '../../src/record/visibility.ts';
import { fillWithOldBuilds } from '../support/old-builds.ts';
import { plansOf } from '../support/query-plans.ts';
import { observed, recordedBuild, withRecord } from '../support/record.ts';
import { noFailure } from '../support/test-result.ts';

describe('searching what Volt knows', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: ['chalk', 'ship.yard'], once: true },
  );
  before(async () => {
    await observed(database, 'secret', { visibility: 'private' });
    const cursor = (repo: string, branch: string, sha: string) => ({
      ...{ repo, ref: `refs/heads/${branch}`, sha, generation: 1 },
      moved_at: Date.now(),
    });
    const build = async (repo: string, branch: string, author: string, subject: string, digit: string) => {
      const sha = digit.repeat(40);
      const id = await recordedBuild(database, { repo, ref: `refs/heads/${branch}`, author, subject, sha });
      await database.write(async (db) => {
        const row = cursor(repo, branch, sha);
        await db
          .insertInto('cursors')
          .values(row)
          .onConflict((conflict) => conflict.columns(['repo', 'ref']).doUpdateSet(row))
          .execute();
      });
      const test = { suite: 'levels', name: `tests ${subject}`, file: null, status: 'failed', duration: 1 } as const;
      const ref = { job: `${id}-1`, attempt: 1 } as never;
      await recordTests(database, ref, 1, [{ ...test, ...noFailure }]);
    };
    await build('chalk', 'main', 'Ada Lovelace', 'Begin with 100% red', 'a');
    await build('chalk', 'feature/main-red', 'Grace Hopper', 'Dim the level', 'b');
    await build('ship.yard', 'main', 'Ada Lovelace', 'Ship parts', 'b');
    await build('secret', 'main-plan', 'Eve', 'Begin a secret', 'a');
  });

  async function found(text: string, more: Partial<SearchFilter> = {}): Promise<string[]> {
    const filter = { text, kinds: searchKinds, reader: administrator, limit: 8, ...more };
    return (await search(database, filter)).map(nameOf);
  }

  const nameOf = ({ kind, name, repo, build }: Found) =>
    `${kind} ${repo ?? ''} ${kind === 'commit' ? name.slice(0, 4) : name}${kind === 'branch' ? ` ${build?.number}` : ''}`;

  it('finds a repository by a part of its name, one that begins with the text first', async () => {
    expect(await found('ALK', { kinds: ['repository'] })).to.deep.equal(['repository chalk chalk']);
    expect(await found('s', { kinds: ['repository'] })).to.deep.equal([
      ...['repository secret secret', 'repository ship.yard ship.yard', 'repository chalk chalk'],
    ]);
  });

  it('finds builds by number and by all words of subject and repository', async () => {
    const kinds = ['build'] as const;
    expect(await found('chalk#2', { kinds })).to.deep.equal(['build chalk #2']);
    expect(await found('#1', { kinds })).to.deep.equal(['build secret #1', 'build ship.yard #1', 'build chalk #1']);
    expect(await found('ship#1', { kinds })).to.deep.equal(['build ship.yard #1']);
    expect(await found('red CHALK begin', { kinds })).to.deep.equal(['build chalk #1']);
    expect(await found('100%', { kinds }), 'a percent sign is no wildcard').to.deep.equal(['build chalk #1']);
    expect(await found('red parts', { kinds })).to.deep.equal([]);
  });

  it('finds branches with their newest build, an exact beginning first', async () => {
    expect(await found('main', { kinds: ['branch'], repo: 'chalk' })).to.deep.equal([
      ...['branch chalk main 1', 'branch chalk feature/main-red 2'],
    ]);
    expect(await found('heads', { kinds: ['branch'] })).to.deep.equal([]);
  });

  it('finds commits by the beginning of their sha, once for each repository', async () => {
    await recordedBuild(database, { repo: 'chalk', sha: 'b'.repeat(40) });
    expect(await found('BBBB', { kinds: ['commit'] })).to.deep.equal(['commit chalk bbbb', 'commit ship.yard bbbb']);
    expect(await found('bbb', { kinds: ['commit'] })).to.deep.equal([]);
    expect(await found('bbbx', { kinds: ['commit'] })).to.deep.equal([]);
  });

  it('finds tests by suite and name, and authors once', async () => {
    expect(await found('levels dim', { kinds: ['test'] })).to.deep.equal(['test chalk tests Dim the level']);
    expect(await found('lovelace', { kinds: ['author'] })).to.deep.equal(['author  Ada Lovelace']);
    expect(await found('', { kinds: ['author'], repo: 'chalk' })).to.include('author  Grace Hopper');
  });

  it('finds nothing that the reader may not read', async () => {
    const reader = { ...nobody, internal: true };
    for (const text of ['', 'secret', 'main', 'Eve', 'aaaa', '#1', 'begin']) {
      const seen = await found(text, { reader });
      expect(
        seen.filter((one) => /secret|Eve/.test(one)),
        text,
      ).to.deep.equal([]);
      expect(await found(text, { reader: nobody }), text).to.deep.equal([]);
    }
    expect(await found('begin', { reader, kinds: ['build'] })).to.deep.equal(['build chalk #1']);
    const named = { ...reader, granted: ['secret'] };
    expect(await found('begin secret', { reader: named, kinds: ['build'] })).to.deep.equal(['build secret #1']);
  });

  it('shows no more of a kind than asked for', async () => {
    const seen = await found('', { limit: 1 });
    expect(seen.map((one) => one.split(' ')[0])).to.deep.equal(['repository', 'build', 'branch', 'test', 'author']);
  });

  it('looks up a commit and a number by an index', async () => {
    await fillWithOldBuilds(database, 'chalk');
    const stepsFor = (text: string, kind: SearchKind) =>
      plansOf(database, (from) => search(from, { text, kinds: [kind], reader: administrator, limit: 8 }));
    const steps = await stepsFor('aaaa', 'commit');
    expect(steps.filter((step) => /(^SCAN|Seq Scan on) builds\b/.test(step))).to.deep.equal([]);
    expect((await stepsFor('chalk#1', 'build')).join()).to.match(/repo=\? AND number=\?|builds_number/);
  });
});
