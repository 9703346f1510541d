import { expect } from 'chai';
import { isRefPattern, pullRequestsIn, refKinds } from '../../src/observer/pull-request-refs.ts';

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];

describe('the refs of pull requests', () => {
  const found = (refs: Record<string, string>, pattern: string | null = null) =>
    [...pullRequestsIn(refKinds(pattern), new Map(Object.entries(refs))).values()].map(
      ({ number, ref, head }) => [number, ref, head] as const,
    );

  for (const ref of [
    'refs/pull/7/head',
    'refs/merge-requests/7/head',
    'refs/pull-requests/7/from',
    'refs/changes/07/7/1',
  ])
    it(`are found as ${ref}`, () => expect(found({ [ref]: one })).to.deep.equal([[7, ref, one]]));

  for (const ref of [
    'refs/pull/7/merge',
    'refs/pull/07/head',
    'refs/pull/0/head',
    'refs/pull/9999999999/head',
    'refs/pull/head',
    'refs/pull/7/x/head',
    'refs/merge-requests/7/merge',
    'refs/changes/08/7/1',
    'refs/changes/07/7/meta',
    'refs/heads/pull/7/head',
  ])
    it(`do not include ${ref}`, () => expect(found({ [ref]: one })).to.deep.equal([]));

  it('of Gerrit lead to the newest patch set of a change, whatever their order', () => {
    const refs = { 'refs/changes/45/12345/9': one, 'refs/changes/45/12345/10': two, 'refs/changes/45/12345/2': three };
    expect(found(refs)).to.deep.equal([[12345, 'refs/changes/45/12345/10', two]]);
  });

  it('of two kinds with one number lead to one pull request', () => {
    expect(found({ 'refs/merge-requests/7/head': two, 'refs/pull/7/head': one })).to.deep.equal([
      [7, 'refs/pull/7/head', one],
    ]);
  });

  it('follow the pattern of a repository where it has one', () => {
    const refs = { 'refs/mr/7/head': one, 'refs/pull/8/head': two, 'refs/mr/x/head': three };
    expect(found(refs, 'refs/mr/*/head')).to.deep.equal([[7, 'refs/mr/7/head', one]]);
    expect(found({ 'refs/review/7': one }, 'refs/review/*')).to.deep.equal([[7, 'refs/review/7', one]]);
  });

  it('have patterns with one star outside of branches and tags only', () => {
    for (const pattern of ['refs/mr/*/head', 'refs/mr/x-*', 'refs/a/b/*'])
      expect(isRefPattern(pattern), pattern).to.equal(true);
    for (const pattern of [
      ...['refs/heads/*', 'refs/tags/v*', 'refs/*/head', 'refs/mr/head', 'refs/mr/*/*', 'mr/*', '*', ''],
      ...['refs/mr/ */head', 'refs/mr/*\n', 'refs/mr/../*', '--upload-pack=x/refs/mr/*'],
    ])
      expect(isRefPattern(pattern), pattern).to.equal(false);
  });

  for (const highest of [0, 7, 99, 998, 12_345, 58_540]) {
    it(`after number ${highest} are asked for by a few prefixes that match few older ones`, () => {
      const [kind] = refKinds(null);
      const groups = kind?.after(highest) ?? [];
      const prefixes = groups.flat();
      const isListed = (number: number) => prefixes.some((prefix) => `refs/pull/${number}/head`.startsWith(prefix));
      const next = Array.from({ length: 1000 }, (_, index) => highest + 1 + index);
      expect(next.filter((number) => !isListed(number))).to.deep.equal([]);
      expect(prefixes.length).to.be.below(30);
      const old = Array.from({ length: highest }, (_, index) => index + 1);
      expect(old.filter(isListed).length).to.be.below(250);
      const near = (number: number) => groups[0]?.some((prefix) => `refs/pull/${number}/head`.startsWith(prefix));
      expect(
        next.slice(0, 100).filter((number) => !near(number)),
        'of the first group',
      ).to.deep.equal([]);
      expect(old.filter(near).length).to.be.below(highest < 999 ? 120 : 35);
    });
  }
});
