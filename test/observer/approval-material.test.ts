import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { approvalMaterial } from '../../src/observer/approval-material.ts';
import { TestFolders } from '../support/folder.ts';
import { pullRequest7 } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';

describe('what a person looks at before approving a pull request', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  before(() => {
    repository = new TestRepository({ '.github/workflows/ci.yml': 'on: push\n' });
  });
  after(() => {
    repository.remove();
    folders.remove();
  });

  it('begins with what runs, however many other files come before it, and hides no character', async () => {
    const base = repository.head();
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`.github/A/${index}`, 'x\n']));
    const sha = repository.commit('a change', { ...many, '.github/workflows/ci.yml': 'on: pu\u200bll\n' });
    const mirror = new Mirror(folders.make(), repository.path);
    await mirror.requireCommit(sha);
    const message = { sha, pullRequest: { ...pullRequest7, base, merge: null, before: null, conflicts: null } };
    const { files, more } = await approvalMaterial(mirror, message, {});
    expect(files[0]).to.deep.equal({
      ...{ path: '.github/workflows/ci.yml', status: 'changed' },
      diff: '@@ -1 +1 @@\n-on: push\n+on: pu\ufffdll\n',
    });
    expect(files.length + more).to.equal(121);
  });
});
