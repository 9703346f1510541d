import { expect } from 'chai';
import { checkRefName, refMatcher } from '../../../src/git/remote/ref-names.ts';
import { isRefName } from '../../../src/kernel/ref-name.ts';
import { failure } from '../../support/failure.ts';
import { TestRepository } from '../../support/repository.ts';

const good = [
  'main',
  'refs/heads/main',
  'feature/x',
  'v1.0',
  'a-b',
  'größe',
  '日本',
  'a@b',
  'x{y',
  '0',
  'HEAD',
  'a'.repeat(200),
  'a.b/c.d',
  '#1',
  "it's",
  'a;b',
  '$(id)',
  '`id`',
  'a|b',
  'a"b',
];
const bad = [
  '',
  '@',
  '-',
  '-x',
  '--upload-pack=x',
  '.x',
  'x/.y',
  'x..y',
  'x y',
  'x\ty',
  'x\ny',
  'x\0y',
  'x\x7fy',
  'x~1',
  'x^',
  'x:y',
  'x?',
  'x*',
  'x[y',
  'x\\y',
  'x@{1}',
  '/x',
  'x/',
  'x//y',
  'x.',
  'x.lock',
  'x.lock/y',
  'main..dev',
  'HEAD^{/fix}',
];

describe('names of refs', () => {
  it('are valid exactly if git allows them', () => {
    const repository = new TestRepository();
    for (const name of [...good, ...bad].filter((text) => text !== '' && !text.includes('\0'))) {
      let allowed = true;
      try {
        repository.git('check-ref-format', `refs/heads/${name}`);
      } catch {
        allowed = false;
      }
      // git allows a name that looks like an option; Volt must not pass it as one
      if (!name.startsWith('-') && name !== '@') expect(isRefName(name), JSON.stringify(name)).to.equal(allowed);
    }
    repository.remove();
  });

  it('are refused with a reason if they are invalid', async () => {
    for (const name of good) expect(checkRefName(name), name).to.equal(name);
    for (const name of [...bad, 'a'.repeat(256), 'a'.repeat(100_000)])
      await failure('bad_ref', () => checkRefName(name));
  });
});

describe('globs of branches', () => {
  const cases: [string, string[], string[]][] = [
    ['main', ['main'], ['mainly', 'my-main', 'x/main']],
    ['*', ['main', 'a.b'], ['feature/x']],
    ['**', ['main', 'feature/x', 'a/b/c'], []],
    ['feature/*', ['feature/x', 'feature/'], ['feature', 'feature/x/y', 'my/feature/x']],
    ['feature/**', ['feature/x', 'feature/x/y'], ['feature']],
    ['**/fix', ['a/fix', 'a/b/fix'], ['fix', 'a/fixed']],
    ['release-?', ['release-1'], ['release-', 'release-10', 'release-/']],
    ['v*.*', ['v1.0', 'v1.0.1', 'v.'], ['v1', 'v1/0.1']],
    ['a+b', ['a+b'], ['aab', 'ab']],
    ['a.b', ['a.b'], ['axb']],
    ['(a|b)', ['(a|b)'], ['a']],
    ['a$', ['a$'], ['a']],
    ['größe/*', ['größe/x'], ['grosse/x']],
  ];
  for (const [glob, yes, no] of cases) {
    it(`"${glob}" matches ${yes.join(', ')}`, () => {
      const matches = refMatcher([glob]);
      for (const name of yes) expect(matches(name), name).to.equal(true);
      for (const name of no) expect(matches(name), name).to.equal(false);
    });
  }

  it('match if one of them matches, and never without globs', () => {
    const matches = refMatcher(['main', 'release/*']);
    expect(['main', 'release/1', 'dev'].map(matches)).to.deep.equal([true, true, false]);
    expect(refMatcher([])('main')).to.equal(false);
  });

  it('are refused if no branch name can match', async () => {
    for (const glob of ['', ' ', 'a b', '-*', '../*', 'a..b', '[ab]', 'a\n', '/x', 'a'.repeat(256)]) {
      await failure('bad_ref', () => refMatcher(['main', glob]));
    }
  });

  it('with many wildcards are matched quickly, also against names that nearly match', () => {
    for (const part of ['*a', '**a']) {
      expect(refMatcher([part.repeat(60)])(`${'a'.repeat(200)}b`)).to.equal(false);
      expect(refMatcher([part.repeat(60)])('a'.repeat(200))).to.equal(true);
    }
  });
});
