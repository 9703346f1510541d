/** Small repositories for the table of docs/discovery.md, by the title of the kind that each is of. */
export const examples: { [title: string]: { [path: string]: string }[] } = {
  'Node, Bun': [
    { 'package.json': '{"scripts":{"test":"x"},"dependencies":{"x":"1"}}' },
    { 'package.json': '{"scripts":{"test":"x"}}', 'package-lock.json': '' },
    { 'package.json': '{"scripts":{"test":"x"}}', 'pnpm-lock.yaml': '' },
    { 'package.json': '{"scripts":{"test":"x"}}', 'yarn.lock': '# yarn lockfile v1\n' },
    { 'package.json': '{"scripts":{"test":"x"}}', 'yarn.lock': '' },
    { 'package.json': '{"scripts":{"test":"x"}}', 'bun.lock': '' },
    workspace({ 'package-lock.json': '' }),
    workspace({ 'pnpm-lock.yaml': '' }),
    workspace({ 'yarn.lock': '' }),
    workspace({ 'bun.lock': '' }),
    workspace({ 'turbo.json': '{}', 'package-lock.json': '' }),
    workspace({ 'nx.json': '{}', 'package-lock.json': '' }),
    workspace({ 'lerna.json': '{}', 'package-lock.json': '' }),
  ],
  Deno: [
    { 'deno.json': '{"tasks":{"test":"x"}}', 'deno.lock': '' },
    { 'deno.json': '{}', 'a_test.ts': '' },
  ],
  Python: [
    { 'tox.ini': '[testenv]\ncommands = pytest\n' },
    { 'tox.ini': '[testenv]\ncommands = pytest {envbindir}\n' },
    { 'noxfile.py': '@nox.session\ndef tests(session):\n    session.run("pytest", ARGS)\n' },
    { 'pytest.ini': '' },
    { 'setup.py': '', 'tests/test_a.py': '', 'tests/__init__.py': '' },
    { 'manage.py': '', 'app/tests.py': '' },
  ],
  'Python tests': [{ 'tests/test_a.py': 'import pytest\n' }, { 'tests/test_a.py': '' }],
  PHP: [
    { 'composer.json': '{"scripts":{"test":"x"}}' },
    { 'composer.json': '{"require-dev":{"phpunit/phpunit":"1"}}', 'phpunit.xml': '' },
  ],
  Ruby: [
    { Gemfile: '', Rakefile: 'task :test\n' },
    { Gemfile: '', 'Gemfile.lock': '', 'spec/a_spec.rb': '' },
    { 'a.gemspec': '', 'test/a_test.rb': '' },
  ],
  '.NET': [{ 'a.sln': '', 'a.Tests/a.Tests.csproj': 'xunit' }],
  CMake: [
    { 'CMakeLists.txt': 'enable_testing()\n' },
    {
      'CMakeLists.txt': 'enable_testing()\n',
      'CMakePresets.json': JSON.stringify({
        configurePresets: [{ name: 'NAME' }],
        buildPresets: [{ name: 'NAME', configurePreset: 'NAME' }],
        testPresets: [{ name: 'NAME', configurePreset: 'NAME' }],
      }),
    },
  ],
  Meson: [{ 'meson.build': "test('a', exe)\n" }],
  Autotools: [{ 'configure.ac': '', 'Makefile.am': 'TESTS = a\n' }],
  Elixir: [{ 'mix.exs': '', 'mix.lock': '' }],
  Erlang: [{ 'rebar.config': '' }, { 'rebar.config': '', 'test/a_SUITE.erl': '' }],
  Rust: [{ 'Cargo.toml': '' }, { 'Cargo.toml': '[workspace]\n', 'Cargo.lock': '' }],
  Go: [{ 'go.mod': 'require x\n' }, { 'go.work': 'use (\n./a\n./b\n)\n', 'a/go.mod': '', 'b/go.mod': '' }],
  Maven: [{ 'pom.xml': '' }, { 'pom.xml': '', 'mvnw!': '' }],
  Gradle: [{ 'build.gradle': '' }, { 'build.gradle': '', 'gradlew!': '' }],
  sbt: [{ 'build.sbt': '' }],
  Swift: [{ 'Package.swift': '.testTarget(' }],
  'Dart, Flutter': [
    { 'pubspec.yaml': '', 'test/a_test.dart': '' },
    { 'pubspec.yaml': 'dependencies:\n  flutter:\n    sdk: flutter\n', 'test/a_test.dart': '', 'pubspec.lock': '' },
  ],
  Haskell: [{ 'stack.yaml': '', 'a.cabal': 'test-suite a\n' }, { 'a.cabal': 'test-suite a\n' }],
  OCaml: [
    { 'dune-project': '', 'test/dune': '(test (name a))' },
    { 'dune-project': '', 'a.opam': '', 'test/dune': '(test (name a))' },
  ],
  Crystal: [{ 'shard.yml': 'dependencies:\n', 'spec/a_spec.cr': '', 'shard.lock': '' }],
  Zig: [{ 'build.zig': 'b.step("test", "")' }],
  Make: [{ Makefile: 'test:\n' }],
  just: [{ justfile: 'test:\n' }],
  Task: [{ 'Taskfile.yml': 'tasks:\n  test:\n' }],
  Script: [{ 'test.sh!': '' }],
};

/** A workspace with a package that has tests. */
function workspace(more: { [path: string]: string }): { [path: string]: string } {
  return {
    'package.json': '{"workspaces":["a"]}',
    'a/package.json': '{"scripts":{"test":"x"}}',
    ...more,
  };
}
