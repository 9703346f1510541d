import { expect } from 'chai';
import { type Files, projectOf } from './trees.ts';

/** The runner that always tells how many tests ran, if Volt starts one itself. */
const rows: [what: string, files: Files, runner: string | undefined][] = [
  ['pytest', { 'pytest.ini': '' }, 'pytest'],
  ['pytest that writes a report elsewhere', { 'pytest.ini': '[pytest]\naddopts = --junitxml=x.xml\n' }, undefined],
  ['pytest as tox starts it', { 'tox.ini': '[testenv]\ncommands = pytest\n' }, undefined],
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
  ['a script that Bun runs', { 'package.json': '{"scripts":{"test":"bun test"}}', 'bun.lock': '' }, undefined],
  ['RSpec', { Gemfile: '', 'spec/a_spec.rb': '' }, 'RSpec'],
  ['Rake', { Rakefile: 'task :test\n' }, undefined],
  ['npm', { 'package.json': '{"scripts":{"test":"mocha"}}' }, undefined],
  ['Make', { Makefile: 'test:\n' }, undefined],
];

describe('the test runner that Volt expects to report tests', () => {
  for (const [what, files, runner] of rows)
    it(`is ${runner ?? 'unknown'} for ${what}`, () => {
      expect(projectOf(files).runner).to.equal(runner);
    });
});
