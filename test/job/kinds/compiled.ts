import { type Kind, noDependency, noTests } from './kind.ts';
import { runs } from './machine.ts';

const cargoToml = '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n';
const rust = (tests: string) => `pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
${tests}}
`;
const rustTest = (sum: number) =>
  `    #[test]\n    fn adds() {\n        assert_eq!(super::add(1, 2), ${sum});\n    }\n`;

const goTest = (sum: number) =>
  `package app\n\nimport "testing"\n\nfunc TestAdds(t *testing.T) {\n\tif Add(1, 2) != ${sum} {\n\t\tt.Fail()\n\t}\n}\n`;

const elixirTest = (sum: number) =>
  `defmodule AppTest do\n  use ExUnit.Case\n  test "adds", do: assert App.add(1, 2) == ${sum}\nend\n`;
const mix = (deps: string) =>
  `defmodule App.MixProject do\n  use Mix.Project\n  def project, do: [app: :app, version: "1.0.0", deps: [${deps}]]\nend\n`;

export const compiledKinds: Kind[] = [
  {
    what: 'Rust with Cargo',
    title: 'Rust',
    files: { 'Cargo.toml': cargoToml },
    commands: ['cargo test'],
    green: { files: { 'src/lib.rs': rust(rustTest(3)) }, passed: ['src/lib.rs > tests::adds'] },
    red: { files: { 'src/lib.rs': rust(rustTest(4)) }, failed: ['src/lib.rs > tests::adds'] },
    'missing dependency': {
      files: {
        'Cargo.toml': `${cargoToml}\n[dependencies]\nabsent = "1"\n`,
        '.cargo/config.toml': '[net]\noffline = true\n',
        'src/lib.rs': rust(rustTest(3)),
      },
      ends: { ...noDependency, message: /Cargo is offline and has not all crates/ },
    },
    'no tests': { files: { 'src/lib.rs': rust('') }, ends: noTests },
    'ended early': {
      files: {
        'src/lib.rs': rust(rustTest(3)),
        'tests/early.rs': '#[test]\nfn ends() {\n    std::process::exit(0);\n}\n',
      },
      ends: { ...noTests, message: /cargo test ended with 0 before it told how all tests ended/ },
    },
    program: 'cargo',
  },
  {
    what: 'Go',
    title: 'Go',
    files: {
      'go.mod': 'module app\n\ngo 1.19\n',
      'app.go': 'package app\n\nfunc Add(a, b int) int { return a + b }\n',
    },
    commands: ['go test -v ./...'],
    green: { files: { 'app_test.go': goTest(3) }, passed: ['app > TestAdds'] },
    red: { files: { 'app_test.go': goTest(4) }, failed: ['app > TestAdds'] },
    'missing dependency': {
      files: { 'go.mod': 'module app\n\ngo 1.19\n\nrequire example.test/absent v1.0.0\n', 'app_test.go': goTest(3) },
      ends: { status: 'failure', reason: 'exit_code', message: /Go finds no module example\.test\/absent/ },
    },
    'no tests': { files: {}, ends: noTests },
    possible: () => runs('go', 'version'),
  },
  {
    what: 'Elixir with Mix',
    title: 'Elixir',
    files: {
      'mix.exs': mix(''),
      'lib/app.ex': 'defmodule App do\n  def add(a, b), do: a + b\nend\n',
      'test/test_helper.exs': 'ExUnit.start()\n',
    },
    commands: ['mix deps.get', 'mix test'],
    green: { files: { 'test/app_test.exs': elixirTest(3) }, count: 1 },
    red: { files: { 'test/app_test.exs': elixirTest(4) }, failed: ['AppTest > test adds'] },
    'missing dependency': {
      files: { 'mix.exs': mix('{:absent, "~> 1.0"}'), 'test/app_test.exs': elixirTest(3) },
      ends: { ...noDependency, message: /Mix cannot reach http:\/\/127\.0\.0\.1/ },
    },
    'no tests': { files: { 'test/app_test.exs': 'defmodule AppTest do\n  use ExUnit.Case\nend\n' }, ends: noTests },
    'ended early': { files: { 'test/app_test.exs': `System.halt(0)\n${elixirTest(3)}` } },
    possible: () => runs('mix', '--version'),
  },
];
