import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SearchBudget } from '../../../src/job/globs/search-budget.ts';
import { hashFiles } from '../../../src/job/steps/hash-files.ts';
import { TestFolders } from '../../support/folder.ts';

describe('hashFiles', () => {
  const folders = new TestFolders();
  after(folders.remove);

  /** A workspace with empty files. */
  function workspace(...paths: string[]): string {
    const folder = folders.make();
    for (const path of paths) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), path);
    }
    return folder;
  }

  it('returns for a pattern that a regular expression would try for ever', async () => {
    const folder = workspace('a'.repeat(250), 'b');
    expect(await hashFiles(folder, ['*a*a*a*a*a*a*a*a*a*a*b'], new SearchBudget())).to.equal('');
    expect(await hashFiles(folder, ['*a*a*a*a*a*a*a*a*a*a*'], new SearchBudget())).to.match(/^[0-9a-f]{64}$/);
  });

  it('fails the step if the patterns of its job take too many comparisons', async () => {
    const folder = workspace('a');
    const budget = new SearchBudget();
    budget.steps = 3_000_000_000;
    const failed = await hashFiles(folder, ['*'], budget).catch((error: Error) => error);
    expect(failed)
      .to.be.an('error')
      .with.property('message')
      .match(/more than 2000000000 comparisons/);
  });

  it('refuses patterns that are too many or too long', async () => {
    const folder = workspace('a');
    const many = await hashFiles(folder, Array(1001).fill('x'), new SearchBudget()).catch((error: Error) => error);
    expect(many)
      .to.be.an('error')
      .with.property('message')
      .match(/more than 1000 patterns/);
    const long = await hashFiles(folder, ['*'.repeat(6000)], new SearchBudget()).catch((error: Error) => error);
    expect(long)
      .to.be.an('error')
      .with.property('message')
      .match(/more than 5000 characters/);
  });
});
