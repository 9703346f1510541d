import { expect } from 'chai';
import { mayHaveSecrets, pullRequestTrust, type TrustRules, trustOf, unknownTrust } from '../../src/kernel/trust.ts';

const byDefault = { trusted: true, class: 'default' };
const alone = (ref: string, trusted = false) => ({ trusted, class: ref });

function rules(named: string[] | null, defaultBranch: string | null = 'main'): TrustRules {
  return { defaultBranch, named: named && ((ref) => named.includes(ref)) };
}

describe('the trust in a ref', () => {
  it('puts the default branch and tags into one class, which is trusted', () => {
    for (const ref of ['refs/heads/main', 'refs/tags/v1']) {
      expect(trustOf(ref, rules(null))).to.deep.equal(byDefault);
      expect(mayHaveSecrets(ref, rules(null))).to.equal(true);
    }
  });

  for (const ref of ['refs/heads/topic', 'refs/heads/x/main', 'refs/pull/1/head', 'a'.repeat(40), 'main', 'default'])
    it(`puts ${ref.slice(0, 20)} into its own class without trust or secrets`, () => {
      expect(trustOf(ref, rules(null))).to.deep.equal(alone(ref === 'default' ? 'refs/default' : ref));
      expect(mayHaveSecrets(ref, rules(null))).to.equal(false);
    });

  it('is equal for all branches when the default branch is unknown', () => {
    for (const ref of ['refs/heads/main', 'refs/heads/null', 'refs/heads/']) {
      expect(trustOf(ref, rules(null, null))).to.deep.equal(alone(ref));
      expect(mayHaveSecrets(ref, rules(null, null))).to.equal(false);
    }
  });

  it('puts a ref that a person has named into its own class', () => {
    const named = rules(['refs/heads/main', 'refs/heads/release']);
    expect(trustOf('refs/heads/release', named)).to.deep.equal(alone('refs/heads/release', true));
    expect(mayHaveSecrets('refs/heads/release', named)).to.equal(true);
    expect(trustOf('refs/heads/topic', named)).to.deep.equal(alone('refs/heads/topic'));
  });

  it('never puts refs with secrets and refs without into one class', () => {
    const [main, tag] = ['refs/heads/main', 'refs/tags/v1'];
    const withoutTags = rules([main]);
    expect(trustOf(main, withoutTags)).to.deep.equal(byDefault);
    expect(trustOf(tag, withoutTags)).to.deep.equal(alone(tag));
    const tagsAlone = rules([tag]);
    expect(mayHaveSecrets(main, tagsAlone)).to.equal(false);
    expect(trustOf(main, tagsAlone)).to.deep.equal(byDefault);
    expect(trustOf(tag, tagsAlone)).to.deep.equal(alone(tag, true));
    const none = rules([]);
    expect(trustOf(main, none)).to.deep.equal(byDefault);
    expect(trustOf(tag, none)).to.deep.equal(byDefault);
  });

  it('of a pull request is none, and its class that of no ref that a person builds or names', () => {
    const ref = 'refs/pull/7/head';
    const { trusted, class: own } = pullRequestTrust(ref);
    expect(trusted).to.equal(false);
    expect(own).to.not.be.oneOf(['default', ref, trustOf(ref, rules([ref])).class]);
    expect(own).to.not.equal(pullRequestTrust('refs/pull/8/head').class);
  });

  it('is none without rules', () => {
    expect(unknownTrust('refs/heads/main')).to.deep.equal(alone('refs/heads/main'));
  });
});
