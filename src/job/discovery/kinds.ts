import { autotools } from './finders/autotools.ts';
import { cargo } from './finders/cargo.ts';
import { cmake } from './finders/cmake.ts';
import { crystal } from './finders/crystal.ts';
import { dart } from './finders/dart.ts';
import { deno } from './finders/deno.ts';
import { dotnet } from './finders/dotnet.ts';
import { mix, rebar } from './finders/erlang.ts';
import { go } from './finders/go.ts';
import { haskell } from './finders/haskell.ts';
import { gradle, maven, sbt } from './finders/java.ts';
import { make } from './finders/make.ts';
import { meson } from './finders/meson.ts';
import { node } from './finders/node.ts';
import { ocaml } from './finders/ocaml.ts';
import { php } from './finders/php.ts';
import { python, pythonTests } from './finders/python.ts';
import { just, task } from './finders/recipes.ts';
import { ruby } from './finders/ruby.ts';
import { script } from './finders/script.ts';
import { swift } from './finders/swift.ts';
import { zig } from './finders/zig.ts';
import type { Finder } from './project.ts';
import type { KnownTool } from './versions.ts';

/** A kind of project that Volt knows how to test. */
export interface Kind {
  /** for people */
  title: string;
  find: Finder;
  /** what tells it, for people; Markdown */
  looksFor: string;
  /** Kinds of one family test the same in different ways: of those that have tests, the first one counts. */
  family: string;
  /** tools of which the project may ask for a version */
  tools: readonly KnownTool[];
}

/** Where a repository is of several families, all of them are tested, as jobs of one build. */
const languages: readonly Kind[] = [
  {
    title: 'Node, Bun',
    find: node,
    looksFor:
      '`package.json` with a script `test` (or `test:unit`, `test:ci`, `tests`), or whose workspace packages have one',
    family: 'node',
    tools: ['node', 'bun'],
  },
  {
    title: 'Deno',
    find: deno,
    looksFor: '`deno.json` with a task `test`, or with tests',
    family: 'deno',
    tools: ['deno'],
  },
  {
    title: 'Python',
    find: python,
    looksFor:
      '`tox.ini`, `noxfile.py`, a script of hatch, PDM, Rye, Poe or taskipy, a configuration of pytest, or files `test_*.py` or `*_test.py` of a project with `pyproject.toml`, `setup.py`, `requirements.txt` or the like',
    family: 'python',
    tools: ['python'],
  },
  {
    title: 'PHP',
    find: php,
    looksFor: '`composer.json` with a script `test` or a test runner, or `phpunit.xml`',
    family: 'php',
    tools: ['php'],
  },
  {
    title: 'Ruby',
    find: ruby,
    looksFor: '`Rakefile` with a task `test` or `spec`, or `Gemfile`, a gemspec or `.rspec` with specs or tests',
    family: 'ruby',
    tools: ['ruby'],
  },
  {
    title: '.NET',
    find: dotnet,
    looksFor: '`*.sln`, `*.slnx` or `*.csproj` (or `fsproj`, `vbproj`) of which a project refers to a test framework',
    family: 'dotnet',
    tools: ['dotnet'],
  },
  {
    title: 'CMake',
    find: cmake,
    looksFor: '`CMakeLists.txt` with `enable_testing`, `include(CTest)` or `add_test`',
    family: 'c',
    tools: [],
  },
  { title: 'Meson', find: meson, looksFor: '`meson.build` with `test()`', family: 'c', tools: [] },
  {
    title: 'Autotools',
    find: autotools,
    looksFor: '`configure.ac` and a `Makefile.am` with tests',
    family: 'c',
    tools: [],
  },
  { title: 'Elixir', find: mix, looksFor: '`mix.exs`', family: 'erlang', tools: ['elixir', 'erlang'] },
  { title: 'Erlang', find: rebar, looksFor: '`rebar.config`', family: 'erlang', tools: ['erlang'] },
  { title: 'Rust', find: cargo, looksFor: '`Cargo.toml`', family: 'rust', tools: ['rust'] },
  { title: 'Go', find: go, looksFor: '`go.mod` or `go.work`', family: 'go', tools: ['go'] },
  { title: 'Maven', find: maven, looksFor: '`pom.xml`', family: 'java', tools: ['java'] },
  {
    title: 'Gradle',
    find: gradle,
    looksFor: '`build.gradle`, `settings.gradle`, or these with `.kts`',
    family: 'java',
    tools: ['java'],
  },
  { title: 'sbt', find: sbt, looksFor: '`build.sbt`', family: 'java', tools: ['java'] },
  { title: 'Swift', find: swift, looksFor: '`Package.swift` with a test target', family: 'swift', tools: ['swift'] },
  {
    title: 'Dart, Flutter',
    find: dart,
    looksFor: '`pubspec.yaml` and files `test/**_test.dart`',
    family: 'dart',
    tools: ['dart', 'flutter'],
  },
  {
    title: 'Haskell',
    find: haskell,
    looksFor: '`stack.yaml`, `cabal.project` or `*.cabal` with a test suite',
    family: 'haskell',
    tools: [],
  },
  { title: 'OCaml', find: ocaml, looksFor: '`dune-project` and a `dune` file with tests', family: 'ocaml', tools: [] },
  {
    title: 'Crystal',
    find: crystal,
    looksFor: '`shard.yml` and files `spec/**_spec.cr`',
    family: 'crystal',
    tools: ['crystal'],
  },
  { title: 'Zig', find: zig, looksFor: '`build.zig` with a step `test`', family: 'zig', tools: ['zig'] },
];

/**
 * These mostly run again what the tools of a language run. So the first of them counts, and only where no language has
 * tests.
 */
const runners: readonly Kind[] = [
  {
    title: 'Make',
    find: make,
    looksFor: 'a Makefile with a target `test`, `check` or `tests` that runs something',
    family: 'any',
    tools: [],
  },
  {
    title: 'just',
    find: just,
    looksFor: 'a justfile with a recipe `test`, `check` or `tests`',
    family: 'any',
    tools: [],
  },
  {
    title: 'Task',
    find: task,
    looksFor: 'a Taskfile with a task `test`, `check` or `tests`',
    family: 'any',
    tools: [],
  },
  {
    title: 'Python tests',
    find: pythonTests,
    looksFor: 'files `test_*.py` or `*_test.py` in a repository without the files of a Python project',
    family: 'any',
    tools: ['python'],
  },
  { title: 'Script', find: script, looksFor: '`test.sh`', family: 'any', tools: [] },
];

/** All kinds, in the order in which they are looked for. */
export const kinds: readonly Kind[] = [...languages, ...runners];

/** Whether a kind counts only where no language has tests. */
export function isGeneral(kind: Kind): boolean {
  return runners.includes(kind);
}
