import { expect } from 'chai';
import { hint, nearest } from '../../src/kernel/similar-words.ts';

describe('a word that is similar to another one', () => {
  for (const [word, meant] of [
    ['pusch', 'push'],
    ['psuh', 'push'],
    ['PUSH', 'push'],
    ['pull-requset', 'pull-request'],
    ['ull-requests', 'pull-request'],
    ['pull-requ', undefined],
    ['llup-request', undefined],
    ['x', undefined],
  ] as const) {
    it(`is ${meant ?? 'none'} for "${word}"`, () => {
      expect(nearest(word, ['pull-request', 'schedule', 'push'])).to.equal(meant);
    });
  }

  it('is the most similar one, in whatever order they are', () => {
    const words = ['service-1', 'service-9921', 'service-321'];
    for (const all of [words, words.toReversed()]) expect(nearest('service-32', all)).to.equal('service-321');
  });

  it('is named in a hint, unless it is the same', () => {
    expect(hint('pusch', ['push'])).to.equal('; did you mean "push"?');
    expect(hint('push', ['push'])).to.equal('');
  });
});
