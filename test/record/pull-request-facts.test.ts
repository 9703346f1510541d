import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { notePullRequestFacts, pullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { observed, withRecord } from '../support/record.ts';

describe('what a forge has told of pull requests', () => {
  let database: Database;
  withRecord((opened) => {
    database = opened;
  });

  it('is kept for 90 days after it was told, also where the forge does not say when it has changed', async () => {
    await observed(database);
    const unknown = { body: null, draft: null, labels: null, author: null, headRef: null, headRepo: null };
    const facts = { ...unknown, title: 'A title', isOpen: true, merged: null, url: null };
    const tell = (number: number, updatedAt: number | null) =>
      notePullRequestFacts(database, 'app', { number, facts, updatedAt });
    await tell(1, null);
    await tell(2, Date.now());
    expect(await pullRequestFacts(database, 'app', 1)).to.include({ title: 'A title' });
    const day = 86_400_000;
    await database.db
      .updateTable('pull_request_facts')
      .set({ noted_at: Date.now() - 91 * day })
      .execute();
    await tell(2, Date.now());
    expect(await pullRequestFacts(database, 'app', 1)).to.equal(null);
    expect(await pullRequestFacts(database, 'app', 2)).to.include({ title: 'A title' });
  });
});
