import { expect } from 'chai';
import { skipMark } from '../../src/observer/skip-mark.ts';

describe('a commit is not built', () => {
  const asks = [
    '[skip ci]',
    'docs: a word [ci skip]',
    '[no ci] x',
    'x\n\nbody [skip actions]',
    '[actions skip]',
    '[Skip CI]',
    'x ***NO_CI***',
  ];
  for (const text of asks) {
    it(`by ${JSON.stringify(text)}`, () => expect(skipMark({ text, skipChecks: '' })).to.be.a('string'));
  }

  it('by the trailer skip-checks', () => {
    expect(skipMark({ text: 'x', skipChecks: 'true' })).to.equal('skip-checks: true');
    expect(skipMark({ text: 'x', skipChecks: 'True' })).to.equal('skip-checks: true');
  });

  const asksNot = ['skip ci', '[skip-ci]', '[skip  ci]', '(skip ci)', 'NO_CI', '[ci]', 'skip [ci] skip', ''];
  for (const text of asksNot) {
    it(`not by ${JSON.stringify(text)}`, () => expect(skipMark({ text, skipChecks: 'false' })).to.equal(undefined));
  }
});
