import { expect } from 'chai';
import { discover } from '../../../src/job/discovery/discover.ts';
import { Tree } from '../../../src/job/discovery/tree.ts';
import { runsOf } from './trees.ts';

/** Files of each language that finders read. */
const files = [
  ...['package.json', 'deno.jsonc', 'pnpm-workspace.yaml', 'lerna.json', 'yarn.lock', '.nvmrc', 'pyproject.toml'],
  ...['setup.cfg', 'setup.py', 'tox.ini', 'noxfile.py', 'hatch.toml', 'tox.toml', 'requirements-test.txt', 'Pipfile'],
  ...['tests/test_a.py', 'tests/__init__.py', 'Cargo.toml', 'rust-toolchain.toml', 'go.mod', 'go.work', 'mix.exs'],
  ...['Gemfile', 'Rakefile', 'composer.json', 'CMakeLists.txt', 'CMakePresets.json', 'meson.build', 'configure.ac'],
  ...['Makefile.am', 'global.json', 'a.Tests.csproj', 'Package.swift', 'pubspec.yaml', 'test/a_test.dart', 'a.cabal'],
  ...['dune-project', 'dune', 'shard.yml', 'spec/a_spec.cr', 'build.zig', 'build.zig.zon', 'Makefile', 'justfile'],
  ...['Taskfile.yml', '.tool-versions', 'mise.toml'],
];

/** What a pattern that goes back over its text, or a parser that goes in for each bracket, would take very long for. */
const pieces = [
  ...['[', '{"a":', '(', '"', ' ', '\\\n', 'a = ', '[[a]]\n', 'a.', '{[testenv]commands}', '{a,b}', '{posargs:'],
  ...['[testenv]\ncommands = {[testenv]commands}{[testenv]commands}\n', 'envlist = {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\n'],
  ...[
    '@nox.session(',
    'def tests(session):\n',
    '"test": [',
    'option(A_BUILD_TESTS "',
    'check test ',
    'test: \\\n',
    '*/**/',
  ],
];

describe('discovery of hostile files', () => {
  for (const piece of pieces)
    it(`ends soon if all of them repeat ${JSON.stringify(piece)}`, () => {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      const tree = new Tree(
        files.map((path) => ({ path, executable: false })),
        new Map(files.map((path) => [path, text])),
      );
      expect(discover(tree).projects.length).to.be.below(30);
    });

  it('ends soon for very many files, and for files in very deep folders', () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({
      path: `a${at % 200}/b${at}/test_a.py`,
      executable: false,
    }));
    const deep = { path: `${'a/'.repeat(5000)}package.json`, executable: false };
    expect(discover(new Tree([...many, deep], new Map())).passedOver.length).to.be.below(51);
  });

  it('takes names of objects for names', () => {
    const names = { __proto__: 'x', constructor: 'x', toString: 'x' };
    expect(
      runsOf({ 'package.json': `{"scripts":${JSON.stringify(names)},"__proto__":{"scripts":{"test":"x"}}}` }),
    ).to.deep.equal([]);
    expect(runsOf({ 'composer.json': '{"scripts":{"__proto__":{"test":"x"}}}' })).to.deep.equal([]);
  });

  it('puts names that mean something to a shell in quotes', () => {
    const modules = { '$(x)/go.mod': '', '$(x)/a_test.go': '', "it's/go.mod": '', "it's/a_test.go": '' };
    const files = { 'go.mod': '', 'a.go': '', ...modules };
    const quoted = `'it'"'"'s'`;
    expect(runsOf(files)).to.deep.equal([
      `go test -v ./... && (cd '$(x)' && go test -v ./...) && (cd ${quoted} && go test -v ./...)`,
    ]);
  });
});
