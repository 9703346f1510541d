import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { discover, lookedFor } from '../../src/job/discover.ts';
import { TestFolders } from '../support/folder.ts';

type Files = Record<string, string>;

const manifest = (more: object = {}) => JSON.stringify({ scripts: { test: 'mocha' }, ...more });
const needing = manifest({ dependencies: { x: '1' } });

/** What a checkout holds, and what is run then. A name that ends in "!" is that of a file that may be executed. */
const cases: [string, Files, string[]][] = [
  ['a package without dependencies', { 'package.json': manifest() }, ['npm test']],
  ['a package with dependencies', { 'package.json': needing }, ['npm install --no-audit --no-fund', 'npm test']],
  [
    'a package with dependencies for development',
    { 'package.json': manifest({ devDependencies: { x: '1' } }) },
    ['npm install --no-audit --no-fund', 'npm test'],
  ],
  [
    'a package of workspaces',
    { 'package.json': manifest({ workspaces: ['a'] }) },
    ['npm install --no-audit --no-fund', 'npm test'],
  ],
  [
    'a package with a lock file of npm',
    { 'package.json': needing, 'package-lock.json': '' },
    ['npm ci --no-audit --no-fund', 'npm test'],
  ],
  [
    'a package with a shrinkwrap',
    { 'package.json': manifest(), 'npm-shrinkwrap.json': '' },
    ['npm ci --no-audit --no-fund', 'npm test'],
  ],
  [
    'a package of pnpm',
    { 'package.json': needing, 'pnpm-lock.yaml': '', 'package-lock.json': '' },
    ['pnpm install --frozen-lockfile', 'pnpm test'],
  ],
  [
    'a package of yarn',
    { 'package.json': needing, 'yarn.lock': '' },
    ['yarn install --immutable || yarn install --frozen-lockfile', 'yarn test'],
  ],
  ['a package of bun', { 'package.json': needing, 'bun.lock': '' }, ['bun install --frozen-lockfile', 'bun run test']],
  [
    'a package of an older bun',
    { 'package.json': needing, 'bun.lockb': '' },
    ['bun install --frozen-lockfile', 'bun run test'],
  ],
  ['a crate', { 'Cargo.toml': '' }, ['cargo test']],
  ['a Go module', { 'go.mod': 'module x' }, ['go test -v ./...']],
  ['a project of Maven', { 'pom.xml': '' }, ['mvn --batch-mode test']],
  ['a project of Maven with its wrapper', { 'pom.xml': '', 'mvnw!': '' }, ['./mvnw --batch-mode test']],
  ['a project of Gradle', { 'build.gradle': '' }, ['gradle test']],
  ['a project of Gradle in Kotlin with its wrapper', { 'build.gradle.kts': '', 'gradlew!': '' }, ['./gradlew test']],
  ['a project of Mix', { 'mix.exs': '' }, ['mix deps.get', 'mix test']],
  ['pytest.ini', { 'pytest.ini': '[pytest]\n' }, ['python3 -m pytest']],
  [
    'pyproject.toml with a section of pytest',
    { 'pyproject.toml': '[project]\n[tool.pytest.ini_options]\n' },
    ['python3 -m pytest'],
  ],
  ['tox.ini with a section of pytest', { 'tox.ini': '[tox]\n[pytest]\n' }, ['python3 -m pytest']],
  ['setup.cfg with a section of pytest', { 'setup.cfg': '[tool:pytest]\n' }, ['python3 -m pytest']],
  [
    'a folder of Python tests',
    { 'tests/test_a.py': '' },
    [
      "if python3 -c 'import pytest' 2>/dev/null; then python3 -m pytest tests; else python3 -m unittest discover -v -s tests; fi",
    ],
  ],
  [
    'a package of Python tests',
    { 'tests/test_a.py': '', 'tests/__init__.py': '' },
    [
      "if python3 -c 'import pytest' 2>/dev/null; then python3 -m pytest tests; else python3 -m unittest discover -v -s tests -t .; fi",
    ],
  ],
  [
    'a folder of Python tests with the other name',
    { 'test/a_test.py': '' },
    [
      "if python3 -c 'import pytest' 2>/dev/null; then python3 -m pytest test; else python3 -m unittest discover -v -s test; fi",
    ],
  ],
  ['a Makefile that tests', { Makefile: 'all: x\n\ntest: all\n\t./x\n' }, ['make test']],
  ['a Makefile that checks', { makefile: '.PHONY: check\ncheck:\n\t./x\n' }, ['make check']],
  ['a GNUmakefile', { GNUmakefile: 'test :\n', Makefile: 'check:\n' }, ['make test']],
  ['a script', { 'test.sh!': '#!/bin/sh\n' }, ['./test.sh']],
];

/** What looks like tests, and is none. */
const none: [string, Files][] = [
  ['nothing', {}],
  ['a package without a script', { 'package.json': '{}' }],
  [
    'a package with the script of npm init',
    { 'package.json': JSON.stringify({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }) },
  ],
  ['a package with an empty script', { 'package.json': manifest({ scripts: { test: ' ' } }) }],
  ['a package with a script that is no text', { 'package.json': manifest({ scripts: { test: 1 } }) }],
  ['a package that is no JSON', { 'package.json': '{' }],
  ['a package that is a list', { 'package.json': '[]' }],
  ['a package that is nothing', { 'package.json': 'null' }],
  ['a package with strange scripts', { 'package.json': '{"scripts": null}' }],
  ['an endless package', { 'package.json': `{"scripts":{"test":"x"},"more":"${'x'.repeat(1_000_001)}"}` }],
  ['a Makefile that tests nothing', { Makefile: 'testing:\n\ntest := 1\ncheck::=2\n\techo test:\n' }],
  ['a script that cannot be executed', { 'test.sh': '#!/bin/sh\n' }],
  ['a folder of other tests', { 'tests/test.rb': '', 'tests/conftest.py': '' }],
  ['a file that is called like a folder', { tests: '' }],
  ['pyproject.toml without pytest', { 'pyproject.toml': '[project]\n' }],
];

describe('finding out how a checkout is tested', () => {
  const folders = new TestFolders();

  after(folders.remove);

  function checkout(files: Files): string {
    const folder = folders.make();
    for (const [name, content] of Object.entries(files)) {
      const file = join(folder, name.replace(/!$/, ''));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      if (name.endsWith('!')) chmodSync(file, 0o755);
    }
    return folder;
  }

  const commands = (files: Files) => discover(checkout(files))?.steps.map(({ command }) => command);

  for (const [what, files, expected] of cases) {
    it(`of ${what}`, () => {
      const found = discover(checkout(files));
      expect(found?.steps.map(({ command }) => command)).to.deep.equal(expected);
      expect(found?.steps.map(({ name }) => name)).to.deep.equal(
        expected.length === 2 ? ['install', 'test'] : ['test'],
      );
      const because = Object.keys(files).map((name) => name.replace(/!$/, ''));
      expect(because.some((name) => name === found?.because || name.startsWith(found?.because ?? '?'))).to.equal(true);
    });
  }

  for (const [what, files] of none) {
    it(`of ${what} finds none`, () => {
      expect(discover(checkout(files))).to.equal(undefined);
    });
  }

  it('the first that fits wins, in the order that people are told', () => {
    const order: [string, Files][] = [
      ['package.json', { 'package.json': manifest() }],
      ['Cargo.toml', { 'Cargo.toml': '' }],
      ['go.mod', { 'go.mod': '' }],
      ['pom.xml', { 'pom.xml': '' }],
      ['build.gradle', { 'build.gradle': '' }],
      ['mix.exs', { 'mix.exs': '' }],
      ['Python', { 'pytest.ini': '[pytest]' }],
      ['Makefile', { Makefile: 'test:\n' }],
      ['test.sh', { 'test.sh!': '' }],
    ];
    let told = -1;
    for (const [index, [word, files]] of order.entries()) {
      const rest = Object.assign({}, ...order.slice(index).map(([, each]) => each));
      expect(commands(rest), word).to.deep.equal(commands(files));
      expect(lookedFor.indexOf(word), word).to.be.above(told);
      told = lookedFor.indexOf(word);
    }
  });

  it('what is run is what the page about running says', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/running.md'), 'utf8');
    const run = new Set(
      cases.flatMap(([, files]) => commands(files) ?? []).map((line) => line.split(' ').slice(0, 2).join(' ')),
    );
    for (const words of run) {
      if (words !== 'if python3')
        expect(page).to.contain(words.replace('mvn --batch-mode', 'mvn').replace('mvnw --batch-mode', 'mvnw'));
    }
  });

  it('reads nothing that lies outside of the checkout', () => {
    const outside = checkout({ 'package.json': manifest(), Makefile: 'test:\n' });
    for (const [name, target] of [
      ['package.json', join(outside, 'package.json')],
      ['package.json', '/dev/zero'],
      ['Makefile', join(outside, 'Makefile')],
      ['Makefile', '/proc/kmsg'],
      ['pytest.ini', '/dev/zero'],
    ] as const) {
      const folder = folders.make();
      symlinkSync(target, join(folder, name));
      expect(existsSync(join(folder, name)) || target === '/proc/kmsg', target).to.equal(true);
      expect(discover(folder), `${name} → ${target}`).to.equal(undefined);
    }
  });

  it('follows a link to another file of the checkout', () => {
    const folder = checkout({ 'build/Makefile': 'test:\n' });
    symlinkSync('build/Makefile', join(folder, 'Makefile'));
    expect(discover(folder)?.steps.map(({ command }) => command)).to.deep.equal(['make test']);
  });

  it('bears a link that leads to itself and a folder where a file should be', () => {
    const folder = folders.make();
    symlinkSync('package.json', join(folder, 'package.json'));
    mkdirSync(join(folder, 'Makefile'));
    mkdirSync(join(folder, 'pytest.ini'));
    expect(discover(folder)).to.equal(undefined);
  });
});
