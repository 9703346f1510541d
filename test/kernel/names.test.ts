import { expect } from 'chai';
import {
  checkRepositoryGlobs,
  checkRepositoryName,
  fitsGlobs,
  hostLabel,
  labelPattern,
  parseLabels,
  repositoryNameFrom,
  repositoryNamePattern,
  shaPattern,
} from '../../src/kernel/names.ts';
import { failure } from '../support/failure.ts';

describe('the name of a repository', () => {
  const names: Record<string, string> = {
    'https://host/Acme/My App.git': 'my-app',
    'https://host/acme/app.git/': 'app',
    'https://host/acme/app': 'app',
    'git@host:acme/app.git': 'app',
    'host:app.git': 'app',
    'https://host/acme/new.git': 'new-1',
    'ssh://git@host:2222/acme/app': 'app',
    '/srv/git/app.git': 'app',
    '/home/ada/app/': 'app',
    '/home/ada/app/.git': 'app',
    'C:\\work\\app': 'app',
    '/srv/.hidden': 'hidden',
    '/srv/Größe': 'gr-e',
    '/srv/a..b': 'a..b',
    '/': 'repository',
    '/srv/...': 'repository',
    '/srv/日本': 'repository',
  };
  for (const [url, name] of Object.entries(names)) {
    it(`of ${url} is ${name}`, () => {
      expect(repositoryNameFrom(url)).to.equal(name);
    });
  }

  it('is always valid, whatever URL it is derived from', () => {
    const hostile = [
      '',
      '..',
      '../..',
      '.git',
      '/x/.git/.git',
      `/${'a'.repeat(500)}`,
      `/${'-'.repeat(80)}`,
      '/a\0b',
      '/ ',
      '/%2e%2e',
      '/a?b=c#d',
      '\n',
    ];
    for (const url of hostile) expect(repositoryNameFrom(url), JSON.stringify(url)).to.match(repositoryNamePattern);
  });

  it('from a person is accepted unchanged, or refused', async () => {
    for (const name of ['a', '0', 'my-app_1.2', 'a'.repeat(64)]) expect(checkRepositoryName(name)).to.equal(name);
    for (const name of [
      'new',
      '',
      '.',
      '..',
      '.git',
      '-a',
      '_a',
      'A',
      'a/b',
      'a b',
      'a\n',
      'ä',
      'a:b',
      'a'.repeat(65),
    ]) {
      await failure('bad_name', () => checkRepositoryName(name));
    }
  });
});

describe('labels', () => {
  it('are a set: lower case, sorted, each once, without blanks', () => {
    expect(parseLabels(['gpu', ' Linux', 'GPU', '', ' ', 'host:Build1'])).to.deep.equal([
      'gpu',
      'host:build1',
      'linux',
    ]);
    expect(parseLabels([])).to.deep.equal([]);
  });

  it('in any order are the same set', () => {
    expect(parseLabels(['b', 'a'])).to.deep.equal(parseLabels(['a', 'b', 'a']));
  });

  it('may not contain separators of labels or keys', async () => {
    for (const label of [
      'a:b:c',
      ':a',
      'a:',
      'a b',
      'a+b',
      'a=b',
      'a,b',
      'a/b',
      '-a',
      '.a',
      'ä',
      'a\nb',
      'a'.repeat(64),
      `a:${'b'.repeat(64)}`,
    ]) {
      const error = await failure('bad_label', () => parseLabels(['linux', label]));
      expect(error.message).to.include(label);
    }
  });

  it('are valid for every host name', () => {
    expect(hostLabel('Build1.example.org')).to.equal('host:build1.example.org');
    for (const host of ['', '-', '..', 'A_B', 'x'.repeat(300), 'bücher', 'a b', '::1']) {
      expect(hostLabel(host), JSON.stringify(host)).to.match(labelPattern);
    }
  });
});

describe('a commit id', () => {
  it('is a full SHA-1 or SHA-256', () => {
    for (const sha of ['0123456789abcdef'.repeat(4), '0'.repeat(40)]) expect(sha).to.match(shaPattern);
    for (const sha of [
      '',
      'HEAD',
      'a'.repeat(39),
      'a'.repeat(41),
      'A'.repeat(40),
      'g'.repeat(40),
      `${'a'.repeat(40)}\n`,
      'a'.repeat(65),
    ]) {
      expect(sha).to.not.match(shaPattern);
    }
  });
});

describe('a pattern of names of repositories', () => {
  it('matches whole names; a star matches anything, and no pattern matches all', () => {
    for (const [globs, name, fits] of [
      [[], 'app', true],
      [['app'], 'app', true],
      [['app'], 'apps', false],
      [['a*'], 'app', true],
      [['*p'], 'app', true],
      [['a*p*s'], 'apples', true],
      [['a*a'], 'a', false],
      [['*pp*pp*'], 'apppp', true],
      [['*pp*pp*'], 'appp', false],
      [['*'], 'app', true],
      [['x', 'deploy-*'], 'deploy-1', true],
    ] as const)
      expect(fitsGlobs(globs, name), `${globs} ${name}`).to.equal(fits);
  });

  it('is refused if no name can match it', async () => {
    expect(checkRepositoryGlobs(['app', 'site-*', 'app'])).to.deep.equal(['app', 'site-*']);
    for (const glob of ['', 'A*', '../x', 'a b', '{a,b}'])
      await failure('bad_name', async () => checkRepositoryGlobs([glob]));
  });
});
