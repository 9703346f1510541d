import { expect } from 'chai';
import { type Files, findsEach, passesOverEach, projectOf } from '../trees.ts';

const root = 'COMPOSER_ALLOW_SUPERUSER=1';
const composer = `${root} composer install --no-interaction --no-progress`;
const requiring = (name: string, more: object = {}) => JSON.stringify({ 'require-dev': { [name]: '*' }, ...more });
const bundle = (frozen = '') =>
  `bundle install --local >/dev/null 2>&1 || { bundle config set --local path vendor/bundle${frozen} && bundle install; }`;
const frozen = ' && bundle config set --local frozen true';
const hex = 'mix local.hex --force --if-missing && mix local.rebar --force --if-missing';
const minitest = `ruby -Ilib -Itest -e 'Dir["./test/**/{test_*,*_test}.rb"].sort.each { |file| require file }'`;

describe('discovery of projects', () => {
  describe('in PHP', () => {
    findsEach([
      [
        'the script of Composer',
        { 'composer.json': '{"scripts":{"test":["@php a"]}}' },
        `${composer}, ${root} composer run-script --timeout=0 test`,
      ],
      [
        'PHPUnit, which it configures',
        { 'composer.json': requiring('phpunit/phpunit'), 'phpunit.xml.dist': '' },
        `${composer}, php vendor/bin/phpunit`,
      ],
      [
        'PHPUnit without a configuration',
        { 'composer.json': requiring('phpunit/phpunit'), 'tests/ATest.php': '' },
        `${composer}, php vendor/bin/phpunit tests`,
      ],
      ['Pest', { 'composer.json': requiring('pestphp/pest') }, `${composer}, php vendor/bin/pest`],
      [
        'a runner in the folder that Composer is told',
        { 'composer.json': requiring('phpspec/phpspec', { config: { 'bin-dir': 'bin/' } }) },
        `${composer}, php bin/phpspec run --no-interaction`,
      ],
      [
        'a runner without the folder that no command could name',
        { 'composer.json': requiring('pestphp/pest', { config: { 'bin-dir': '$(x)' } }) },
        `${composer}, php vendor/bin/pest`,
      ],
      [
        'PHPUnit of the machine where Composer has none',
        { 'composer.json': '{}', 'phpunit.xml.dist': '' },
        `${composer}, phpunit`,
      ],
      ['PHPUnit of the machine where there is no Composer', { 'phpunit.xml': '' }, 'phpunit'],
    ]);
    passesOverEach([
      [
        'a package without tests',
        { 'composer.json': '{}' },
        'composer.json: composer.json has no script "test", and requires no test runner',
      ],
      ['what is no JSON', { 'composer.json': '{' }, 'composer.json: composer.json is not valid JSON, or too large'],
    ]);
  });

  describe('in Ruby', () => {
    findsEach([
      [
        'the task of the Rakefile',
        { Gemfile: '', Rakefile: 'require "rake"\nRake::TestTask.new do |t|\nend\n' },
        `${bundle()}, bundle exec rake test`,
      ],
      ['the task of the Rakefile without Bundler', { Rakefile: 'Minitest::TestTask.create\n' }, 'rake test'],
      [
        'the task for specs',
        { Gemfile: '', 'Gemfile.lock': '', Rakefile: 'RSpec::Core::RakeTask.new(:spec)\n' },
        `${bundle(frozen)}, bundle exec rake spec`,
      ],
      ['a task that is defined by hand', { Rakefile: 'task :test => [:compile] do\nend\n' }, 'rake test'],
      ['specs', { Gemfile: '', '.rspec': '', 'spec/models/a_spec.rb': '' }, `${bundle()}, bundle exec rspec`],
      ['specs without Bundler', { '.rspec': '', 'spec/a_spec.rb': '' }, 'rspec'],
      [
        'specs, where a task of that name writes a specification',
        { Rakefile: 'task :spec do\nend\ntask "test" do\nend\n' },
        'rake test',
      ],
      ['files of Minitest of a gem', { 'a.gemspec': '', 'test/unit/test_a.rb': '' }, minitest],
      [
        'a Rails application',
        { Gemfile: '', Rakefile: 'Rails.application.load_tasks\n', 'bin/rails!': '', 'test/models/a_test.rb': '' },
        `${bundle()}, bundle exec ruby bin/rails test`,
      ],
    ]);
    passesOverEach([
      [
        'a project without tests',
        { Gemfile: '', Rakefile: 'task :build\n' },
        'Gemfile: it has neither a task for tests nor files of RSpec or Minitest',
      ],
    ]);
  });

  describe('in .NET', () => {
    const tests = '<PackageReference Include="Microsoft.NET.Test.Sdk" />';
    findsEach([
      [
        'the only solution',
        { 'App.sln': '', 'test/App.Tests/App.Tests.csproj': tests },
        'dotnet restore, dotnet test --no-restore',
      ],
      [
        'the first of several solutions',
        { 'A.slnx': '', 'B.sln': '', 'test/T.csproj': tests },
        'dotnet restore A.slnx, dotnet test A.slnx --no-restore',
      ],
      [
        'the projects where there is no solution',
        { 'src/App.csproj': '', 'test/A B.fsproj': tests, 'test/packages.lock.json': '' },
        "dotnet restore 'test/A B.fsproj' --locked-mode, dotnet test 'test/A B.fsproj' --no-restore",
      ],
      ['the project in the root', { 'App.Tests.csproj': tests }, 'dotnet restore, dotnet test --no-restore'],
      [
        'a project whose frameworks are those of all projects',
        {
          'App.sln': '',
          'Directory.Packages.props': '<PackageVersion Include="xunit" />',
          'a/A.Tests.csproj': '<Project />',
        },
        'dotnet restore, dotnet test --no-restore',
      ],
    ]);
    passesOverEach([
      [
        'a solution without tests',
        { 'App.sln': '', 'src/App.csproj': '' },
        'App.sln: no project of it refers to a test framework',
      ],
    ]);
  });

  describe('in Elixir and Erlang', () => {
    findsEach([
      ['Mix without dependencies', { 'mix.exs': '' }, 'mix deps.get, mix test'],
      [
        'Mix with dependencies',
        { 'mix.exs': 'defp deps, do: [{:jason, "~> 1.4"}]' },
        `${hex} && mix deps.get, mix test`,
      ],
      ['Mix with a lock file', { 'mix.exs': '', 'mix.lock': '' }, `${hex} && mix deps.get --check-locked, mix test`],
      ['EUnit', { 'rebar.config': '', 'src/a.erl': '' }, 'rebar3 eunit'],
      ['Common Test', { 'rebar.config': '', 'test/a_SUITE.erl': '' }, 'rebar3 ct'],
      ['both', { 'rebar.config': '', 'test/a_SUITE.erl': '', 'test/a_tests.erl': '' }, 'rebar3 do eunit, ct'],
    ]);
  });

  describe('in Rust and Go', () => {
    findsEach([
      ['a crate', { 'Cargo.toml': '[package]\n' }, 'cargo test'],
      [
        'a crate with dependencies',
        { 'Cargo.toml': '[package]\n[dev-dependencies]\na = "1"\n' },
        'cargo fetch, cargo test',
      ],
      [
        'a crate with dependencies of one system',
        { 'Cargo.toml': "[target.'cfg(unix)'.dependencies]\n" },
        'cargo fetch, cargo test',
      ],
      [
        'all crates of a workspace',
        { 'Cargo.toml': '[workspace]\n', 'Cargo.lock': '' },
        'cargo fetch --locked, cargo test --workspace --locked',
      ],
      ['a module', { 'go.mod': 'module x' }, 'go test -v ./...'],
      ['a module that requires others', { 'go.mod': 'module x\nrequire y v1\n' }, 'go mod download, go test -v ./...'],
      [
        'a module that holds what it requires',
        { 'go.mod': 'require y v1\n', 'vendor/modules.txt': '' },
        'go test -v ./...',
      ],
      [
        'the modules in folders that have tests',
        {
          'go.mod': '',
          'a/x.go': '',
          'b c/go.mod': '',
          'b c/x_test.go': '',
          'd/go.mod': '',
          'examples/go.mod': '',
          'examples/x_test.go': '',
        },
        "go test -v ./... && (cd 'b c' && go test -v ./...)",
      ],
      [
        'only the modules in folders, where the one around them has no code',
        { 'go.mod': '', 'v2/go.mod': 'require y v1\n', 'v2/x.go': '', 'v2/a/x_test.go': '' },
        '(cd v2 && go test -v ./...)',
      ],
      [
        'the modules of a workspace',
        { 'go.work': 'go 1.22\nuse (\n\t. // root\n\t./lib/\n\t"./gone"\n)\n', 'go.mod': '', 'lib/go.mod': '' },
        'go mod download, go test -v ./... ./lib/...',
      ],
    ]);
    passesOverEach([
      [
        'a crate that is the native part of a package',
        { 'package.json': '{}', 'Cargo.toml': '[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nnapi = "2"\n' },
        'Cargo.toml: it is the native part of a package for Node or Python, which has the tests',
      ],
      [
        'a workspace of modules elsewhere',
        { 'go.work': 'use ../x\n' },
        'go.work: go.work uses no module of this repository',
      ],
    ]);
  });

  describe('in Swift, Dart, Haskell, OCaml, Crystal and Zig', () => {
    findsEach([
      [
        'a Swift package',
        { 'Package.swift': '.testTarget(name: "T")', 'Package.resolved': '' },
        'swift package resolve, swift test',
      ],
      [
        'a Dart package',
        { 'pubspec.yaml': 'name: a\n', 'test/a_test.dart': '', 'pubspec.lock': '' },
        'dart pub get --enforce-lockfile, dart test',
      ],
      [
        'a Flutter package',
        { 'pubspec.yaml': 'dependencies:\n  flutter:\n    sdk: flutter\n', 'test/a_test.dart': '' },
        'flutter pub get, flutter test',
      ],
      [
        'a project of Stack',
        { 'stack.yaml': '', 'a.cabal': 'name: a\n\ntest-suite spec\n' },
        'stack --no-terminal build --test --only-dependencies, stack --no-terminal test',
      ],
      [
        'a project of Cabal',
        { 'cabal.project': '', 'a/a.cabal': 'Test-Suite spec\n' },
        'cabal update && cabal build all --enable-tests --only-dependencies, cabal test all --test-show-details=direct',
      ],
      ['a project of Dune', { 'dune-project': '', 'test/dune': '(test\n (name a))' }, 'dune runtest'],
      [
        'a project of Dune that needs packages of opam',
        { 'dune-project': '', 'a.opam': '', 'test/dune': '(tests (names a b))' },
        'opam install . --yes --deps-only --with-test, opam exec -- dune runtest',
      ],
      ['a shard', { 'shard.yml': 'name: a\n', 'spec/a_spec.cr': '' }, 'crystal spec'],
      [
        'a shard with dependencies',
        { 'shard.yml': 'dependencies:\n', 'spec/a_spec.cr': '', 'shard.lock': '' },
        'shards install --frozen, crystal spec',
      ],
      ['a Zig project', { 'build.zig': 'const s = b.step("test", "Run tests");' }, 'zig build test --summary all'],
    ]);
    passesOverEach([
      [
        'a Swift package without tests',
        { 'Package.swift': '.target(name: "T")' },
        'Package.swift: Package.swift has no test target',
      ],
      ['a Dart package without tests', { 'pubspec.yaml': '' }, 'pubspec.yaml: it has no file test/…_test.dart'],
      ['a Haskell package without tests', { 'a.cabal': 'library\n' }, 'a.cabal: no .cabal file of it has a test-suite'],
      [
        'a project of Dune without tests',
        { 'dune-project': '', 'src/dune': '(library (name tests))' },
        'dune-project: no dune file of it has tests',
      ],
      ['a shard without specs', { 'shard.yml': '' }, 'shard.yml: it has no file spec/…_spec.cr'],
      ['a Zig project without tests', { 'build.zig': 'b.step("run", "")' }, 'build.zig: build.zig has no step "test"'],
    ]);
  });

  it('asks for the versions that files of each language name', () => {
    const rows: [Files, string, string][] = [
      [{ 'Cargo.toml': '[package]\nrust-version = "1.70"\n' }, 'rust >=1.70', 'Cargo.toml'],
      [
        { 'Cargo.toml': '', 'rust-toolchain.toml': '[toolchain]\nchannel = "1.77.2"\n' },
        'rust 1.77.2',
        'rust-toolchain.toml',
      ],
      [{ 'Cargo.toml': '', 'rust-toolchain': '1.60\n' }, 'rust 1.60', 'rust-toolchain'],
      [{ 'go.mod': 'module x\n\ngo 1.21\ntoolchain go1.22.1\n' }, 'go >=1.22.1', 'go.mod'],
      [{ 'go.mod': 'module x\n\ngo 1.19\n' }, 'go >=1.19', 'go.mod'],
      [{ Rakefile: 'task :test', '.ruby-version': '3.3.0\n' }, 'ruby 3.3.0', '.ruby-version'],
      [{ Gemfile: 'ruby "~> 3.2"\n', Rakefile: 'task :test' }, 'ruby ~> 3.2', 'Gemfile'],
      [{ 'composer.json': '{"scripts":{"test":"a"},"require":{"php":">=8.1"}}' }, 'php >=8.1', 'composer.json'],
      [{ 'a.csproj': 'xunit', 'global.json': '{"sdk":{"version":"8.0.100"}}' }, 'dotnet 8.0.100', 'global.json'],
      [{ 'mix.exs': '', '.tool-versions': 'elixir 1.16.0-otp-26\n' }, 'elixir 1.16.0-otp-26', '.tool-versions'],
      [
        { 'pubspec.yaml': "environment:\n  sdk: '>=3.0.0 <4.0.0'\n", 'test/a_test.dart': '' },
        'dart >=3.0.0 <4.0.0',
        'pubspec.yaml',
      ],
      [
        { 'build.zig': '.step("test"', 'build.zig.zon': '.minimum_zig_version = "0.13.0"' },
        'zig >=0.13.0',
        'build.zig.zon',
      ],
    ];
    for (const [files, asked, because] of rows) {
      const found = projectOf(files).tools.map(({ tool, version, because: file }) => `${tool} ${version} in ${file}`);
      expect(found).to.deep.equal([`${asked} in ${because}`]);
    }
  });
});
