import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseSource } from '../../../src/git/access/source.ts';
import { refMatcher } from '../../../src/git/remote/ref-names.ts';
import { VoltError } from '../../../src/kernel/errors.ts';
import {
  fitsGlobs,
  hostLabel,
  labelPattern,
  repositoryNameFrom,
  repositoryNamePattern,
} from '../../../src/kernel/names.ts';
import { isRefName } from '../../../src/kernel/ref-name.ts';
import { mayHaveSecrets, trustOf } from '../../../src/kernel/trust.ts';
import { hideCredentials, hostOf } from '../../../src/kernel/urls.ts';
import { matches, parsePattern } from '../../../src/workflow/filters.ts';
import { type Target, target } from '../target.ts';
import { anyText, soup } from '../texts.ts';

const refWords = [
  'a',
  'B',
  '1',
  '/',
  '.',
  '..',
  '-',
  '_',
  'main',
  'release',
  '.lock',
  '@',
  '@{',
  '~',
  '^',
  ':',
  '\\',
  ' ',
  'ü',
  '\u0085',
  '\u200b',
  '*',
  '?',
  '[',
];
const refs = fc
  .tuple(
    fc.constantFrom('refs/heads/', 'refs/tags/', 'refs/pull/', 'refs/', ''),
    fc.oneof(soup(refWords, 6), anyText(4)),
  )
  .map(([folder, name]) => folder + name);

/**
 * Refs of one trust class are either all trusted with secrets or none, otherwise one could write what the other reads.
 */
function checkClasses({
  one,
  other,
  defaultBranch,
  named,
}: {
  one: string;
  other: string;
  defaultBranch: string | null;
  named: string[] | null;
}) {
  const rules = { defaultBranch, named: named && ((ref: string) => named.includes(ref)) };
  const [a, b] = [trustOf(one, rules), trustOf(other, rules)];
  if (a.class !== b.class) return;
  expect(mayHaveSecrets(one, rules), `${one} and ${other} share ${a.class}`).to.equal(mayHaveSecrets(other, rules));
  expect(a.trusted).to.equal(b.trusted);
  if (one !== other) expect(a.class).to.equal('default');
}

/** A naive matcher that tries every alternative. */
function fitsSimply(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  const [character, ...others] = name;
  if (first === '*' || first === '**')
    return (
      fitsSimply(rest, name) ||
      (character !== undefined && (first === '**' || character !== '/') && fitsSimply(pattern, others))
    );
  return (
    character !== undefined && (first === character || (first === '?' && character !== '/')) && fitsSimply(rest, others)
  );
}

function known(code: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof VoltError && error.code === code)) throw error;
  }
}

/** Texts made of these pieces only. */
function of(pieces: readonly string[], most: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength: most }).map((parts) => parts.join(''));
}

const globWords = ['a', 'b', '/', '*', '**', '?', '.', 'ab'];
const names = of(['a', 'b', '/', '.', 'ab'], 8);

export const refTargets: Target[] = [
  target('ref-names', 'what Volt takes for the name of a ref, git does too', 60, refs, (name) => {
    if (!isRefName(name)) return;
    const said = spawnSync('git', ['check-ref-format', '--allow-onelevel', name]);
    expect(said.status, JSON.stringify(name)).to.equal(0);
  }),
  target(
    'trust-classes',
    'refs that share what they write may have secrets alike',
    2000,
    fc
      .record({
        one: refs,
        other: refs,
        defaultBranch: fc.option(fc.constantFrom('main', 'a', 'default')),
        named: fc.option(
          fc.array(fc.oneof(refs, fc.constantFrom('refs/heads/main', 'refs/tags/a', 'default')), { maxLength: 4 }),
        ),
      })
      .chain((given) => fc.boolean().map((same) => (same ? { ...given, other: given.one } : given))),
    checkClasses,
  ),
  target(
    'ref-globs',
    'globs of branches choose what a simple matcher chooses',
    1000,
    fc.tuple(soup(globWords, 6), names),
    ([glob, name]) =>
      known('bad_ref', () => {
        const simply = fitsSimply(glob.match(/\*\*|./gsu) ?? [], [...name]);
        expect(refMatcher([glob])(name), `${glob} of ${name}`).to.equal(simply);
      }),
  ),
  target(
    'filter-patterns',
    'what a pattern begins with, ends with and holds is never missing from what it matches',
    2000,
    fc.tuple(soup([...globWords, '+', '[ab]', '[a-c]', '[', ']', '\\', '!', '\\*'], 8), names),
    ([text, name]) => {
      const pattern = parsePattern(text);
      if (typeof pattern === 'string') return;
      const bare = { ...pattern, prefix: '', suffix: '', holds: '' };
      expect(matches(pattern, name), `${text} of ${name}`).to.equal(matches(bare, name));
    },
  ),
  target(
    'filter-meaning',
    'patterns of stars and names mean what they say',
    1000,
    fc.tuple(
      of(['a', 'b', '/', '*', '**', 'ab'], 6).filter((text) => !/\*\*\/|\*\*\*/.test(text)),
      names,
    ),
    ([text, name]) => {
      const pattern = parsePattern(text);
      if (typeof pattern === 'string') return;
      expect(matches(pattern, name), `${text} of ${name}`).to.equal(
        fitsSimply(text.match(/\*\*|./gsu) ?? [], [...name]),
      );
    },
  ),
  target(
    'repository-globs',
    'patterns of names of repositories choose what a regular expression chooses',
    1000,
    fc.tuple(of(['a', 'b', '*', '.', '-'], 6), of(['a', 'b', '.', '-'], 6)),
    ([glob, name]) => {
      const expression = new RegExp(
        `^${glob
          .split('*')
          .map((part) => part.replaceAll('.', '\\.'))
          .join('.*')}$`,
      );
      expect(fitsGlobs([glob], name), `${glob} of ${name}`).to.equal(expression.test(name));
    },
  ),
  target('names', 'a name that is made of anything is a good one', 500, anyText(6), (text) => {
    expect(repositoryNameFrom(text)).to.match(repositoryNamePattern);
    expect(hostLabel(text)).to.match(labelPattern);
  }),
  target(
    'repository-urls',
    'an address is taken without its password, or refused by name, and nothing shows the password',
    500,
    fc.tuple(
      fc.constantFrom('https://', 'http://', 'ssh://', 'git://', 'HTTPS://', 'file://', 'ext::', '', '//', 'https:/'),
      fc.option(
        fc.tuple(soup(['ada', 'git', '%40', '.'], 2), soup(['hunter2secret', '%2F', ':', '@', '#', '?', ' '], 3)),
      ),
      soup(['host', '.example', ':22', '-o', '[::1]', '/'], 3),
      soup(['/', 'a', 'b.git', '..', '?q', '#f', ' ', '%00', '\u202e', '-x'], 4),
    ),
    ([scheme, login, host, path]) => {
      const password = 'hunter2secret';
      const url = `${scheme}${login ? `${login[0]}:${login[1]}@` : ''}${host}${path}`;
      const shown: string[] = [hideCredentials(`see ${url} for it`), hostOf(url)];
      try {
        const source = parseSource(url);
        if (source.kind === 'url') shown.push(source.url);
      } catch (error) {
        if (!(error instanceof VoltError)) throw error;
        shown.push(error.message, error.remedy ?? '');
      }
      const isLogin = /^(https?|ssh|git):\/\/[^\s/?#]*hunter2secret[^\s/?#]*@/i.test(url);
      if (isLogin) for (const text of shown.slice(2)) expect(text, url).to.not.include(password);
      if (isLogin) expect(shown[0], url).to.not.include(password);
    },
  ),
];
