import { expect } from 'chai';
import { matches, parsePattern, selects } from '../../src/workflow/filters.ts';

/** The cheat sheet of GitHub's documentation, and further cases. */
const cases: [pattern: string, fits: string[], fitsNot: string[]][] = [
  ['feature/*', ['feature/my-branch', 'feature/your-branch'], ['feature/a/b', 'feature', 'xfeature/a']],
  ['feature/**', ['feature/beta-a/my-branch', 'feature/your-branch', 'feature/'], ['feature']],
  ['main', ['main'], ['main2', 'amain', 'Main']],
  ['*', ['main', 'releases'], ['all/the/branches']],
  ['**', ['main', 'all/the/branches', ''], []],
  ['*feature', ['mona-feature', 'feature', 'ver-10-feature'], ['feature-1', 'a/feature']],
  ['v2*', ['v2', 'v2.0', 'v2.9'], ['v1', 'v2/x']],
  ['v[12].[0-9]+.[0-9]+', ['v1.10.1', 'v2.0.0'], ['v3.0.0', 'v1.1', 'v1..1']],
  ['releases/**-alpha', ['releases/beta/3-alpha', 'releases/10-alpha'], ['releases/10-beta']],
  ['*.jsx?', ['page.js', 'page.jsx'], ['page.jsxx', 'page.ts', 'a/page.js']],
  ['**.js', ['index.js', 'src/js/app.js'], ['index.jsx']],
  ['docs/*', ['docs/README.md'], ['docs/mona/octocat.md', 'docs']],
  ['docs/**', ['docs/README.md', 'docs/mona/octocat.md'], ['doc/README.md']],
  ['docs/**/*.md', ['docs/README.md', 'docs/mona/hello.md', 'docs/a/b/profile.md'], ['docs/a.txt', 'docsx/README.md']],
  ['**/docs/**', ['docs/hello.md', 'dir/docs/my-file.txt', 'space/docs/plan/space.doc'], ['mydocs/a']],
  ['**/README.md', ['README.md', 'js/README.md'], ['README.md.txt', 'myREADME.md']],
  ['**/*src/**', ['a/src/app.js', 'my-src/code/js/app.js'], ['srcs/a']],
  ['**/*-post.md', ['my-post.md', 'path/their-post.md'], ['post.md']],
  ['**/migrate-*.sql', ['migrate-10909.sql', 'db/migrate-v1.0.sql', 'db/sept/migrate-v1.sql'], ['migrate/a.sql']],
  ['[CB]at', ['Cat', 'Bat'], ['Rat', 'cat', 'CBat']],
  ['[1-2]00', ['100', '200'], ['300']],
  ['[a-c-]x', ['bx', '-x'], ['dx']],
  ['a+b?c', ['ac', 'aaabc'], ['bc', 'abbc', '']],
  ['[ab]+', ['a', 'abba'], ['', 'abc']],
  ['a?', ['', 'a'], ['aa']],
  ['a+?b', ['b', 'ab', 'aab'], ['a']],
  ['\\*\\?', ['*?'], ['ab']],
  ['ünï/*', ['ünï/😀'], ['uni/x']],
  ['a.c', ['a.c'], ['abc']],
  ['(a|b)', ['(a|b)'], ['a']],
];

describe('a filter pattern', () => {
  for (const [text, fits, fitsNot] of cases) {
    it(`${text} matches the expected names only`, () => {
      const pattern = parsePattern(text);
      if (typeof pattern === 'string') throw new Error(pattern);
      expect(fits.filter((name) => !matches(pattern, name))).to.deep.equal([]);
      expect(fitsNot.filter((name) => matches(pattern, name))).to.deep.equal([]);
    });
  }

  for (const [text, why] of [
    ['', 'empty'],
    ['!', 'empty'],
    ['?a', 'nothing before'],
    ['+', 'nothing before'],
    ['[ab', 'not closed'],
    ['a[]', 'is empty'],
    ['x'.repeat(1001), 'at most 1000'],
  ] as const) {
    it(`${text.slice(0, 10) || '(empty)'} is refused with a reason`, () => {
      expect(parsePattern(text)).to.be.a('string').that.contains(why);
    });
  }

  it('with many wildcards is matched quickly against a long name', () => {
    const pattern = parsePattern(`${'*a'.repeat(30)}**b`);
    if (typeof pattern === 'string') throw new Error(pattern);
    expect(matches(pattern, 'a'.repeat(5000))).to.equal(false);
  });
});

describe('a list of filter patterns', () => {
  it('is decided by the last matching pattern', () => {
    const list = ['releases/**', '!releases/**-alpha', 'releases/9-alpha'];
    expect(
      ['releases/1', 'releases/1-alpha', 'releases/9-alpha', 'main'].map((name) => selects(list, name)),
    ).to.deep.equal([true, false, true, false]);
  });

  it('of a thousand entries is matched quickly against the paths of a large change', function () {
    this.timeout(5000);
    const list = Array.from({ length: 1000 }, (_, index) => `*a*${index}`);
    const paths = Array.from({ length: 5000 }, (_, index) => `packages/part-${index % 70}/src/file-${index}.ts`);
    expect(paths.filter((path) => selects(list, path))).to.deep.equal([]);
  });
});
