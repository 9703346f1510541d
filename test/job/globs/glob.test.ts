import { expect } from 'chai';
import { braceExpand, Minimatch } from 'minimatch';
import { expandBraces } from '../../../src/job/globs/braces.ts';
import { Glob } from '../../../src/job/globs/glob.ts';
import { Random } from '../../support/random.ts';

/** As `@actions/glob` sets it. */
const options = { dot: true, nobrace: true, nocomment: true, noext: true, nonegate: true } as const;

describe('a glob', () => {
  it('matches the same as minimatch, for paths, folders and their content', () => {
    const random = new Random(5);
    const patternPieces = ['a', 'b', '*', '**', '?', '[ab]', '[!a]', '[a-b]', '[[:alpha:]]', '\\*', '.', '[', 'é'];
    const pathPieces = ['a', 'b', '*', '.', '[', 'é', 'c'];
    const text = (pieces: string[]) => {
      const parts = Array.from({ length: random.between(1, 4) }, () =>
        Array.from({ length: random.between(1, 3) }, () => pieces[random.between(0, pieces.length - 1)]).join(''),
      );
      return parts.join('/');
    };
    let matched = 0;
    for (let count = 0; count < 20_000; count++) {
      const [pattern, path] = [text(patternPieces), text(pathPieces)];
      // no path has such a name
      if ([...pattern.split('/'), ...path.split('/')].some((part) => part === '.' || part === '..')) continue;
      const [itself, inside] = [new Minimatch(pattern, options), new Minimatch(`${pattern}/**`, options)];
      const glob = new Glob(pattern, { steps: 0 });
      const about = `${pattern} and ${path}`;
      expect(glob.matches(path), about).to.equal(itself.match(path));
      expect(glob.chooses(path), about).to.equal(itself.match(path) || inside.match(path));
      expect(glob.matches(path) || glob.mayLeadInto(path), about).to.equal(itself.match(path, true));
      if (itself.match(path)) matched++;
    }
    expect(matched).to.be.greaterThan(300);
  });

  it('counts a character of two UTF-16 units as one', () => {
    expect(new Glob('?', { steps: 0 }).matches('😀')).to.equal(true);
    expect(new Glob('*[😀]', { steps: 0 }).matches('a😀')).to.equal(true);
    expect(new Glob('??', { steps: 0 }).matches('😀')).to.equal(false);
  });

  for (const [what, pattern, path] of [
    ['many stars in a name', `${'*a'.repeat(300)}b`, 'a'.repeat(255)],
    ['many stars over folders', `${'**/a/'.repeat(150)}b`, 'a/'.repeat(1500)],
    ['stars of both kinds', `${'**/*a*a/'.repeat(90)}b`, `${'a'.repeat(50)}/`.repeat(60)],
    ['large sets', `${'*[a-bc-de-fg-h]'.repeat(60)}z`, 'a'.repeat(255)],
  ] as const) {
    it(`takes no more steps than its length times that of the path, with ${what}`, () => {
      const trial = { steps: 0 };
      expect(new Glob(pattern, trial).matches(path)).to.equal(false);
      expect(trial.steps).to.be.lessThan(pattern.length * path.length);
    });
  }
});

describe('braces of a pattern', () => {
  for (const text of ['a', 'a{b,c}d', '{a,b}{c,d}', '{a,b{c,d}}', 'x{1..3}', 'x{3..1}', '{a}', '{a', 'a}', '{,a}b']) {
    it(`expand in ${text} as in minimatch`, () => {
      expect(new Set(expandBraces(text))).to.deep.equal(new Set(braceExpand(text)));
    });
  }

  it('are refused if they expand into very many patterns', () => {
    for (const text of ['{a,b}'.repeat(16), '{1..999999999}', `{${'a,'.repeat(200)}}`]) {
      expect(() => expandBraces(text)).to.throw(/expands into more than 100/);
    }
  });
});
