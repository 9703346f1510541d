import { expect } from 'chai';
import { contextsIn, isCheap } from '../../src/workflow/cost.ts';

describe('the cost of expressions', () => {
  const small = { github: { ref: 'refs/heads/main', event: { commits: [{ message: 'one' }] } }, env: { A: 'b' } };
  const large = { env: { M: 'x'.repeat(1_000_000) } };

  for (const text of [
    'success()',
    "success() && (github.ref == 'refs/heads/main')",
    'env.A',
    "startsWith(github.ref, 'refs/tags/')",
    "hashFiles('package-lock.json')",
    '!cancelled() && (env.A || github.event.commits[0].message)',
  ]) {
    it(`is low for ${text}`, () => expect(isCheap([text], small)).to.equal(true));
  }

  for (const text of [
    "format('{0}', env.A)",
    'toJSON(github)',
    'fromJSON (env.A)',
    "join(github.event.commits.*.message, ',')",
    "contains(github.ref, 'main')",
    'env.A'.padEnd(1001),
  ]) {
    it(`may be high for ${text.slice(0, 40).trim()}`, () => expect(isCheap([text], small)).to.equal(false));
  }

  it('grows with the size of values and the number of their uses', () => {
    expect(isCheap(['env.M'], large)).to.equal(true);
    expect(isCheap(Array(20).fill('env.M'), large)).to.equal(false);
    expect(isCheap(["env.M == 'a' || env.M == 'b' || env.M == 'c'"], large)).to.equal(false);
  });

  it('counts only the contexts that an expression uses', () => {
    const contexts = { ...small, ...large, steps: {} };
    expect(Object.keys(contextsIn(["Github.ref == 'x'", 'steps.a'], contexts))).to.have.members(['github', 'steps']);
  });
});
