import { expect } from 'chai';
import { type Files, projectOf } from './trees.ts';

/** A Node project with a script `test`. */
function script(test: string, files: Files = {}): Files {
  return { 'package.json': JSON.stringify({ scripts: { test } }), ...files };
}

/** The runner that always tells how many tests ran, if Volt starts one itself. */
const rows: [what: string, files: Files, runner: string | undefined][] = [
  ['pytest', { 'pytest.ini': '' }, 'pytest'],
  ['pytest that writes a report elsewhere', { 'pytest.ini': '[pytest]\naddopts = --junitxml=x.xml\n' }, undefined],
  ['pytest in the commands of tox', { 'tox.ini': '[testenv]\ncommands =\n  ruff .\n  pytest -q\n' }, 'pytest'],
  ['pytest that tox itself starts', { 'tox.ini': '[testenv]\ninstall_command = x\ncommands = pytest\n' }, undefined],
  ['pytest that only lists tests', { 'tox.ini': '[testenv]\ncommands = pytest --collect-only\n' }, undefined],
  [
    'pytest with options of tox',
    { 'tox.ini': '[testenv]\nsetenv = PYTEST_ADDOPTS=-qq\ncommands = pytest\n' },
    undefined,
  ],
  ['unittest below coverage', { 'tox.ini': '[testenv]\ncommands = coverage run -m unittest\n' }, 'unittest'],
  ['unittest', { 'test_a.py': '' }, 'unittest'],
  ['a Django project', { 'manage.py': '', 'app/tests.py': '', 'test_a.py': '' }, undefined],
  ['Go', { 'go.mod': '' }, 'go test'],
  ['a workspace of Go', { 'go.work': 'use ./a\n', 'a/go.mod': '' }, 'go test'],
  ['Rust', { 'Cargo.toml': '' }, 'cargo test'],
  [
    'Rust with tests that have a harness of their own',
    { 'Cargo.toml': '[workspace]\n', 'a/Cargo.toml': '[[test]]\nname = "x"\nharness = false\n' },
    undefined,
  ],
  ['CMake', { 'CMakeLists.txt': 'enable_testing()' }, 'ctest'],
  ['Meson', { 'meson.build': "test('a', b)" }, 'meson test'],
  ['Deno', { 'deno.json': '{}', 'a_test.ts': '' }, 'deno test'],
  ['a task of Deno', { 'deno.json': '{"tasks":{"test":"x"}}' }, undefined],
  ['Bun', { 'package.json': '{}', 'bun.lock': '', 'a.test.ts': '' }, 'bun test'],
  ['a script that Bun runs', script('bun test', { 'bun.lock': '' }), 'bun test'],
  ['RSpec', { Gemfile: '', 'spec/a_spec.rb': '' }, 'RSpec'],
  ["a task of RSpec's own", { Rakefile: 'RSpec::Core::RakeTask.new(:spec)\n', 'spec/a_spec.rb': '' }, 'RSpec'],
  ['a task of Rake that runs RSpec', { Rakefile: "task :test do\n  sh 'rspec'\nend\n", 'spec/a_spec.rb': '' }, 'RSpec'],
  ['Rake', { Rakefile: 'task :test\n' }, undefined],
  ['a task of Rake for Minitest', { Rakefile: 'Rake::TestTask.new\n', Gemfile: "gem 'minitest'\n" }, 'Minitest'],
  ['Rails', { Gemfile: "gem 'rails'\n", 'bin/rails': '', 'test/a_test.rb': '' }, 'Minitest'],
  [
    'Minitest with reporters of its own',
    { Rakefile: 'Rake::TestTask.new\n', Gemfile: "gem 'minitest-reporters'\n" },
    undefined,
  ],
  ['Ruby tests of a kind that Volt does not know', { Gemfile: '', 'test/a_test.rb': '' }, undefined],
  ['PHPUnit', { 'composer.json': '{"require-dev":{"phpunit/phpunit":"^11"}}', 'phpunit.xml': '' }, 'PHPUnit'],
  ['a script of Composer', { 'composer.json': '{"scripts":{"test":"@php vendor/bin/phpunit --testdox"}}' }, 'PHPUnit'],
  ['a script of Composer with two commands', { 'composer.json': '{"scripts":{"test":["a","phpunit"]}}' }, undefined],
  ['a script of Composer for a shell', { 'composer.json': '{"scripts":{"test":"phpunit || true"}}' }, undefined],
  [
    'PHPUnit that writes a report elsewhere',
    { 'composer.json': '{"scripts":{"test":"phpunit"}}', 'phpunit.xml': '<junit outputFile="a.xml"/>' },
    undefined,
  ],
  ['.NET', { 'a.csproj': '<PackageReference Include="xunit" />' }, 'dotnet test'],
  [
    '.NET on the newer test platform',
    { 'a.csproj': 'xunit', 'global.json': '"Microsoft.Testing.Platform"' },
    undefined,
  ],
  ['Elixir', { 'mix.exs': '', 'test/test_helper.exs': '' }, 'ExUnit'],
  ['Elixir with a formatter', { 'mix.exs': '', 'test/test_helper.exs': 'ExUnit.start(formatters: [A])' }, undefined],
  ['Elixir with a task "test" of its own', { 'mix.exs': 'aliases: [test: ["a"]]' }, undefined],
  ['a script with Mocha', script('eslint . && NODE_ENV=test nyc --silent mocha -r ts-node "test/*.ts"'), 'Mocha'],
  ['a script with a reporter of Mocha that prints totals', script('mocha test.js -R list'), 'Mocha'],
  ['a script with another reporter of Mocha', script('mocha -R json'), undefined],
  ['a script with Mocha whose settings have a reporter', script('mocha', { '.mocharc.cjs': 'reporter: 1' }), undefined],
  ['a script with Jest', script('jest --coverage', { 'jest.config.js': 'coverageReporters: []' }), 'Jest'],
  [
    'a script with Jest whose settings have reporters',
    script('jest', { 'jest.config.ts': 'reporters: []' }),
    undefined,
  ],
  [
    'a script that calls one with Jest',
    { 'package.json': '{"scripts":{"test":"npm run test:jest && npm run lint","test:jest":"jest","lint":"eslint ."}}' },
    'Jest',
  ],
  ['a script that calls one by Yarn', { 'package.json': '{"scripts":{"test":"yarn unit","unit":"mocha"}}' }, 'Mocha'],
  [
    'a script that calls one with a reporter of its own',
    { 'package.json': '{"scripts":{"test":"npm run unit -- -R json","unit":"mocha"}}' },
    undefined,
  ],
  ['a script that calls itself', { 'package.json': '{"scripts":{"test":"npm run test"}}' }, undefined],
  ['a script that calls one that is not there', { 'package.json': '{"scripts":{"test":"npm run unit"}}' }, undefined],
  ['a script with uvu', script('uvu -r esm tests'), 'uvu'],
  ['a script whose output another program reads', script('tape test.js | tap-spec'), undefined],
  ['a script with tape', script('cross-env A=b tape test/*.js'), 'tape'],
  ['a script with `node --test`', script('node --import ./a.js --test'), 'node --test'],
  ['a script with a program of its own', script('node test.js'), undefined],
  ['Make', { Makefile: 'test:\n' }, undefined],
];

describe('the test runner that Volt expects to report tests', () => {
  for (const [what, files, runner] of rows)
    it(`is ${runner ?? 'unknown'} for ${what}`, () => {
      expect(projectOf(files).runner).to.equal(runner);
    });
});
