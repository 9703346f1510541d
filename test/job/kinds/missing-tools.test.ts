import { expect } from 'chai';
import { kinds } from '../../../src/job/discovery/kinds.ts';
import { TestFolders } from '../../support/folder.ts';
import { ProjectJobs } from '../../support/project-jobs.ts';
import type { Files } from './kind.ts';
import { realKinds } from './real-kinds.ts';

/** Kinds that no real tool tests here: a small project of each, the command that runs first, and the program it lacks. */
const rows: readonly [title: string, files: Files, command: string, program: string][] = [
  ['Deno', { 'deno.json': '{"tasks":{"test":"deno test"}}' }, 'deno task test', 'deno'],
  ['.NET', { 'app.Tests.csproj': '<PackageReference Include="xunit" />' }, 'dotnet restore', 'dotnet'],
  [
    'Autotools',
    { 'configure.ac': 'AC_INIT([app], [1])\n', 'Makefile.am': 'TESTS = a\n' },
    'autoreconf --install && ./configure',
    'autoreconf',
  ],
  ['Erlang', { 'rebar.config': '' }, 'rebar3 eunit', 'rebar3'],
  ['sbt', { 'build.sbt': '' }, 'sbt test', 'sbt'],
  ['Swift', { 'Package.swift': 'let package = Package(targets: [.testTarget(name: "A")])\n' }, 'swift test', 'swift'],
  ['Dart, Flutter', { 'pubspec.yaml': 'name: app\n', 'test/a_test.dart': '' }, 'dart pub get', 'dart'],
  [
    'Dart, Flutter',
    { 'pubspec.yaml': 'dependencies:\n  flutter:\n    sdk: flutter\n', 'test/a_test.dart': '' },
    'flutter pub get',
    'flutter',
  ],
  [
    'Haskell',
    { 'stack.yaml': '', 'app.cabal': 'test-suite a\n' },
    'stack --no-terminal build --test --only-dependencies',
    'stack',
  ],
  [
    'Haskell',
    { 'app.cabal': 'test-suite a\n' },
    'cabal update && cabal build all --enable-tests --only-dependencies',
    'cabal',
  ],
  ['OCaml', { 'dune-project': '(lang dune 3.0)\n', 'test/dune': '(test (name a))\n' }, 'dune runtest', 'dune'],
  ['Crystal', { 'shard.yml': 'name: app\n', 'spec/a_spec.cr': '' }, 'crystal spec', 'crystal'],
  ['Zig', { 'build.zig': 'const step = b.step("test", "Run the tests");\n' }, 'zig build test --summary all', 'zig'],
  ['just', { justfile: 'test:\n  true\n' }, 'just test', 'just'],
  ['Task', { 'Taskfile.yml': 'tasks:\n  test:\n    cmd: true\n' }, 'task test', 'task'],
];

describe('a project whose tool the runner lacks', () => {
  const folders = new TestFolders();
  const jobs = new ProjectJobs();
  after(async () => {
    await jobs.close();
    folders.remove();
  });

  for (const [title, files, command, program] of rows) {
    it(`${title}: an error that names ${program}, and what to do`, async () => {
      const { outcome, log } = await jobs.run(files, { env: { PATH: folders.make() } });
      expect(outcome, log).to.include({ status: 'error', reason: 'tool_missing', exitCode: null });
      expect(outcome.message).to.include(`needs \`${command}\`, but this runner has no ${program}. Install it there`);
      expect(log).to.include(`this runner has no ${program}`);
    });
  }

  it('is in one of the two tables, whatever kind Volt finds', () => {
    const titles = [...realKinds.map(({ title }) => title), ...rows.map(([title]) => title)];
    expect([...new Set(titles)].sort()).to.deep.equal(kinds.map(({ title }) => title).sort());
  });
});
