import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Blame } from '../../../src/job/verdict/blame.ts';
import { fetchBlame, installationBlame, missingProgram } from '../../../src/job/verdict/installation.ts';

/** What package managers have printed where an installation failed; paths of the machine are shortened. */
const outputs = join(import.meta.dirname, 'outputs');

/** By file: whose fault it is, and what is wrong. */
const expected: { readonly [file: string]: [fault: Blame['fault'], what: string] } = {
  'berry-404.txt': ['commit', 'yarn cannot find the package volt-no-such-package-9f3@npm:^1.0.0 in the registry'],
  'berry-lock.txt': ['commit', 'yarn.lock does not fit package.json'],
  'berry-own-script.txt': ['commit', "the project's own script failed during the installation with code 4"],
  'berry-refused.txt': ['outside', 'yarn cannot reach the registry: RequestError: connect ECONNREFUSED 127.0.0.1:9'],
  'berry-version.txt': ['commit', 'yarn finds no version ms@npm:^99.0.0 in the registry'],
  'bun-404.txt': ['commit', 'bun cannot find the package volt-no-such-package-9f3 in the registry'],
  'bun-lock.txt': ['commit', 'bun.lock does not fit package.json'],
  'bun-own-script.txt': ['commit', 'the project\'s own script "prepare" failed with code 3'],
  'bun-refused.txt': ['outside', 'bun cannot reach the registry: ConnectionRefused downloading package manifest ms'],
  'bun-version.txt': ['commit', 'bun finds no version ms@^99.0.0 in the registry'],
  'bundler-404.txt': ['outside', 'Bundler cannot reach http://127.0.0.1:8971/'],
  'bundler-exec.txt': ['tool', 'no gem of the bundle has the program nosuchcmd'],
  'bundler-local.txt': ['outside', 'the gem voltnosuch is not installed'],
  'bundler-lock.txt': ['commit', 'Gemfile.lock does not fit the Gemfile'],
  'bundler-refused.txt': ['outside', 'Bundler cannot reach http://127.0.0.1:9/'],
  'bundler-ruby.txt': ['tool', 'the Gemfile needs Ruby 9.9.9, the runner has 3.3.14'],
  'bundler-syntax.txt': ['commit', 'Bundler cannot read the Gemfile: unterminated string meets end of file - gem "a'],
  'bundler-version.txt': ['outside', 'the gem rake (= 99) is not installed'],
  'cargo-404.txt': ['commit', 'Cargo finds no crate voltnosuch'],
  'cargo-locked.txt': ['commit', 'Cargo.lock does not fit Cargo.toml'],
  'cargo-own-build.txt': [
    'outside',
    'the installation failed; its last line is "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace."',
  ],
  'cargo-path.txt': ['commit', 'Cargo finds no crate at /app/nowhere/Cargo.toml'],
  'cargo-refused.txt': [
    'outside',
    'Cargo cannot reach the registry: Could not connect to server (Failed to connect to 127.0.0.1 port 9 after 0 ms: Could not connect to server)',
  ],
  'cargo-rustc.txt': ['tool', 'a@0.1.0 requires rustc 1.999, the runner has 1.95.0'],
  'cargo-toml.txt': ['outside', 'the installation failed; its last line is "|        ^"'],
  'cargo-version.txt': ['commit', 'Cargo finds no version that fits for foo = "^9"'],
  'composer-404.txt': ['commit', 'Composer finds no package v/nosuch'],
  'composer-dns.txt': ['outside', 'Composer cannot download https://repo.packagist.org/packages.json'],
  'composer-ext.txt': ['tool', 'PHP has no extension nosuch'],
  'composer-json.txt': ['commit', 'composer.json is not valid'],
  'composer-lock.txt': ['commit', 'composer.lock does not fit composer.json: v/foo'],
  'composer-php.txt': ['tool', 'the project needs PHP >=99, the runner has 8.4.28'],
  'composer-refused.txt': ['outside', 'Composer may not use http://127.0.0.1:9/foo.zip, which is not https'],
  'composer-version.txt': ['commit', 'Composer finds no version of v/foo ^9 that fits'],
  'corepack-offline.txt': [
    'outside',
    'the installation does not reach the network: Error when performing the request to http://127.0.0.1:9/pnpm/9.0.0;',
  ],
  'dune-library.txt': ['outside', 'Dune finds no library nosuch-lib'],
  'dune-program.txt': ['tool', 'Dune finds no program ocamlc'],
  'go-404.txt': ['commit', 'go.sum does not fit go.mod: example.com/nosuch'],
  'go-cc.txt': ['tool', 'cgo finds no C compiler nocc'],
  'go-dns.txt': ['commit', 'go.sum does not fit go.mod: example.com/nosuch'],
  'go-missing.txt': ['commit', 'go.mod does not name the module of example.com/nosuch'],
  'go-refused.txt': ['commit', 'go.sum does not fit go.mod: example.com/nosuch'],
  'go-version.txt': ['tool', 'go.mod needs Go 1.99, the runner has 1.24.4'],
  'mix-elixir.txt': ['tool', 'the project needs Elixir ~> 9.0, the runner has v1.18.3'],
  'mix-nohex.txt': ['outside', 'Mix cannot reach builds.hex.pm'],
  'mix-test.txt': ['tool', 'Elixir has no Hex'],
  'npm-404.txt': ['commit', 'npm cannot find volt-no-such-package-9f3@^1.0.0 in the registry'],
  'npm-dep-script.txt': ['outside', 'the package dep could not be built: node-gyp rebuild'],
  'npm-engine.txt': ['tool', 'npm needs another version of Node: Required: {"node":">=99"}'],
  'npm-eresolve.txt': ['commit', 'npm finds versions in conflict: peer react@"17.0.2" from react-dom@17.0.2'],
  'npm-file.txt': ['commit', 'npm does not find /app/nowhere.tgz'],
  'npm-git.txt': [
    'outside',
    'npm cannot fetch a git dependency: git --no-replace-objects ls-remote ssh://git@github.com/volt-nobody/nothing.git',
  ],
  'npm-json.txt': ['commit', 'package.json or package-lock.json is not valid JSON'],
  'npm-lock.txt': [
    'commit',
    "package-lock.json does not fit package.json: Invalid: lock file's ms@2.1.2 does not satisfy ms@2.1.3",
  ],
  'npm-nolock.txt': ['commit', 'npm ci needs a lock file with lockfileVersion 1 or later'],
  'npm-own-script.txt': ['commit', "the project's own script failed during the installation: echo building; exit 3"],
  'npm-refused.txt': ['outside', 'npm cannot reach the registry (ECONNREFUSED)'],
  'npm-version.txt': ['commit', 'npm finds no version ms@^99.0.0 in the registry'],
  'npm-workspace.txt': ['commit', 'npm cannot install a dependency: Unsupported URL Type "workspace:": workspace:*'],
  'pip-404.txt': ['outside', 'pip finds no version of volt-no-such in the package index'],
  'pip-backend.txt': ['outside', 'pip finds no version of hatchling in the package index'],
  'pip-badreq.txt': [
    'commit',
    "pip cannot read the requirements: Invalid requirement: 'foo===== 1': Expected end or semicolon (after version specifier)",
  ],
  'pip-conflict.txt': ['commit', 'pip finds versions in conflict: foo==2.0 and needy==1.0'],
  'pip-dns.txt': ['outside', 'pip cannot reach the package index for foo'],
  'pip-header.txt': ['outside', 'the header nowhere.h is missing'],
  'pip-nocc.txt': ['tool', 'the runner has no nocc'],
  'pip-nofile.txt': ['commit', 'pip cannot install from requirements.txt'],
  'pip-python.txt': ['tool', 'a needs Python >=3.99, the runner has 3.13.5'],
  'pip-refused.txt': ['outside', 'pip cannot reach the package index for foo'],
  'pip-toml.txt': ['commit', 'pip cannot read pyproject.toml'],
  'pip-version.txt': ['commit', 'pip finds no version foo>=9; the index has 1.0, 2.0'],
  'pnpm-404.txt': ['commit', 'pnpm finds nothing at https://registry.npmjs.org/volt-no-such-package-9f3'],
  'pnpm-lock.txt': ['commit', 'pnpm-lock.yaml does not fit package.json'],
  'pnpm-own-script.txt': ['commit', "the project's own script failed during the installation with code 3"],
  'pnpm-refused.txt': [
    'outside',
    'pnpm cannot reach the registry: GET http://127.0.0.1:9/ms: request to http://127.0.0.1:9/ms failed, reason: connect ECONNREFUSED 127.0.0.1:9',
  ],
  'pnpm-version.txt': ['commit', 'pnpm finds no version ms@^99.0.0 in the registry'],
  'poetry-404.txt': [
    'commit',
    "Poetry finds no versions that fit: a depends on voltnosuch (^9) which doesn't match any versions",
  ],
  'poetry-conflict.txt': ['commit', 'Poetry finds no versions that fit: a depends on needy (1.0)'],
  'poetry-lock.txt': ['commit', 'poetry.lock does not fit pyproject.toml'],
  'poetry-refused.txt': ['outside', 'Poetry cannot reach 127.0.0.1:9'],
  'poetry-version.txt': [
    'commit',
    "Poetry finds no versions that fit: a depends on foo (^9) which doesn't match any versions",
  ],
  'pytest-plugin.txt': ['outside', 'pytest does not know the option --cov, which a plugin has'],
  'yarn1-404.txt': ['commit', 'yarn cannot find the package volt-no-such-package-9f3 in the registry'],
  'yarn1-engine.txt': [
    'tool',
    'yarn needs another version: a@1.0.0: The engine "node" is incompatible with this module. Expected version ">=99". Got "20.20.2"',
  ],
  'yarn1-lock.txt': ['commit', 'yarn.lock does not fit package.json'],
  'yarn1-own-script.txt': ['commit', "the project's own script failed during the installation with code 4"],
  'yarn1-refused.txt': ['outside', 'yarn cannot reach the registry: connect ECONNREFUSED 127.0.0.1:9'],
  'yarn1-version.txt': ['commit', 'yarn finds no version ms@^99.0.0 in the registry'],
};

/** Lines of tools that are not at hand, after their documentation. */
const lines: readonly [line: string, fault: Blame['fault'], what: string][] = [
  ['error: Failed to fetch: `https://pypi.org/simple/foo/`', 'outside', 'uv cannot reach https://pypi.org/simple/foo/'],
  [
    '  × No solution found when resolving dependencies:\n  ╰─▶ Because foo was not found in the package registry and your project depends on foo, we can conclude',
    'commit',
    'uv finds no versions that fit: Because foo was not found in the package registry and your project depends on foo, we can conclude',
  ],
  [
    'error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.',
    'commit',
    'uv.lock does not fit pyproject.toml',
  ],
  ['  × Failed to build `lxml==5.0.0`', 'outside', 'the package lxml==5.0.0 could not be built'],
  ['  × Failed to build `app @ file:///app`', 'commit', 'the project itself could not be built'],
  [
    'error: No interpreter found for Python 3.99 in managed installations',
    'tool',
    'No interpreter found for Python 3.99 in managed installations',
  ],
  [
    '[CandidateNotFound]: Unable to find candidates for foo. There may exist some issues with the package name or network condition.',
    'outside',
    'PDM finds no version of foo',
  ],
  [
    '[ResolutionImpossible]: Unable to find a resolution',
    'commit',
    'PDM finds versions in conflict: Unable to find a resolution',
  ],
  [
    '[ERROR] Failed to execute goal on project app: Could not resolve dependencies: Could not find artifact com.example:foo:jar:9 in central (https://repo.maven.apache.org/maven2)',
    'commit',
    'Maven finds no com.example:foo:jar:9 in central',
  ],
  [
    '[ERROR] Could not transfer artifact com.example:foo:pom:1 from/to central (https://repo.maven.apache.org/maven2): repo.maven.apache.org: Name or service not known',
    'outside',
    'Maven cannot fetch com.example:foo:pom:1 from central (https://repo.maven.apache.org/maven2)',
  ],
  ['[ERROR] Fatal error compiling: error: release version 99 not supported', 'tool', 'the project needs Java 99'],
  [
    "Plugin [id: 'com.example.foo', version: '1.2'] was not found in any of the following sources:",
    'outside',
    'Gradle finds no plugin com.example.foo',
  ],
  ['   > Could not find com.example:foo:9.', 'commit', 'Gradle finds no com.example:foo:9'],
  [
    "   > Could not GET 'https://repo.maven.apache.org/maven2/a.pom'.",
    'outside',
    'Gradle cannot reach https://repo.maven.apache.org/maven2/a.pom',
  ],
  [
    'Downloading https://services.gradle.org/distributions/gradle-8.9-bin.zip\nException in thread "main" java.net.UnknownHostException: services.gradle.org',
    'outside',
    'the Gradle wrapper cannot fetch Gradle (UnknownHost)',
  ],
  [
    '/app/A.csproj : error NU1101: Unable to find package Foo.Bar. No packages exist with this id in source(s): nuget.org [/app/A.sln]',
    'commit',
    'NuGet finds no package Foo.Bar',
  ],
  [
    '/app/A.csproj : error NU1301: Unable to load the service index for source https://api.nuget.org/v3/index.json. [/app/A.sln]',
    'outside',
    'NuGet cannot reach https://api.nuget.org/v3/index.json.',
  ],
  ['Requested SDK version: 9.0.100', 'tool', 'the runner has no .NET SDK 9.0.100'],
  ['** (Mix) No package with name foo (from: mix.exs) in registry', 'commit', 'Hex finds no package foo'],
  [
    'meson.build:3:9: ERROR: Dependency "glib-3.0" not found, tried pkgconfig and cmake',
    'outside',
    'the library glib-3.0 is missing',
  ],
  [
    "meson.build:2:0: ERROR: Dependency lookup for absent with method 'pkgconfig' failed: Pkg-config for machine host machine not found. Giving up.",
    'outside',
    'the library absent is missing, and so is pkg-config',
  ],
  [
    '  Could not find a package configuration file provided by "GTest" with any of',
    'outside',
    'the library GTest is missing',
  ],
  [
    'CMake Error at /usr/share/cmake/Modules/FindPackageHandleStandardArgs.cmake:233 (message):\n  Could NOT find ZLIB (missing: ZLIB_LIBRARY)',
    'outside',
    'the library ZLIB is missing',
  ],
  [
    "Package 'zlib', required by 'virtual:world', not found\nCMake Error at FindPkgConfig.cmake:645 (message):\n  The following required packages were not found:",
    'outside',
    'the library zlib is missing',
  ],
  ['src/a.c:1:10: fatal error: Python.h: No such file or directory', 'outside', 'the header Python.h is missing'],
  ['Bad username or password for https://gems.example/.', 'outside', 'Bundler has no access to https://gems.example/'],
  [
    'curl error 28 while downloading https://repo.packagist.org/packages.json: Connection timed out',
    'outside',
    'Composer cannot download https://repo.packagist.org/packages.json (curl error 28)',
  ],
  [
    'go: example.com/a@v1.0.1: module lookup disabled by GOPROXY=off',
    'outside',
    'Go cannot fetch modules: example.com/a@v1.0.1: module lookup disabled by GOPROXY=off',
  ],
  [
    'a.csproj : error NETSDK1045: The current .NET SDK does not support targeting .NET 10.0.  Either target',
    'tool',
    'the project needs the SDK of .NET 10.0',
  ],
  [
    "➤ YN0009: │ native@npm:1.0.0 couldn't be built successfully (exit code 1, logs can be found here: /tmp/a)",
    'outside',
    'the package native could not be built',
  ],
  ['  × Preparing metadata (pyproject.toml) did not run successfully.', 'outside', 'a package could not be built'],
];

describe('the end of an installation that failed', () => {
  it('has a sample for each expectation', () => {
    expect(readdirSync(outputs)).to.have.members(Object.keys(expected));
  });

  for (const [file, [fault, what]] of Object.entries(expected)) {
    it(`tells whose fault it is in ${file}`, () => {
      const blame = installationBlame(readFileSync(join(outputs, file), 'utf8'));
      expect([blame.fault, blame.what]).to.deep.equal([fault, what]);
      expect(blame.remedy).to.match(/^[A-Z].*[^.]$/);
    });
  }

  for (const [line, fault, what] of lines) {
    it(`tells whose fault it is: ${what.slice(0, 100)}`, () => {
      const blame = installationBlame(`some words\n${line}\nmore words\n`);
      expect([blame.fault, blame.what]).to.deep.equal([fault, what]);
    });
  }

  it('asks for credentials as secrets alone, since everybody may read the other variables of a repository', () => {
    const { what, remedy } = installationBlame('error: GET https://registry.example/a - 401\n');
    expect(what).to.equal('bun has no access to https://registry.example/a (401)');
    expect(remedy).to.include('`volt secret set NAME --repo REPOSITORY --env`').and.not.include('volt repo set');
  });

  it('is quoted if no message in it is known, and the commit is not blamed', () => {
    const blame = installationBlame('starting\nsomething odd\n\n');
    expect(blame.fault).to.equal('outside');
    expect(blame.what).to.equal('the installation failed; its last line is "something odd"');
  });

  const ofTests = [
    'Error: connect ECONNREFUSED 127.0.0.1:5432',
    '-- Could NOT find Doxygen (missing: DOXYGEN_EXECUTABLE)',
    "Package 'zlib', required by 'virtual:world', not found\nCMake Error at CMakeLists.txt:9 (target_link_libraries):",
    'requests.exceptions.ConnectionError: Max retries exceeded with url: /a',
    'Error: ENOSPC: no space left on device, write',
    'HTTP/1.1 403 Forbidden',
    'tomllib.TOMLDecodeError: Expected "=" after a key',
    'Exception in thread "main" java.net.ConnectException: Connection refused',
    '  expected [6] to equal [7] but got [28] ',
    'error Command failed with exit code 1.',
    ' ELIFECYCLE  Test failed. See above for more details.',
  ];
  for (const line of ofTests) {
    it(`is not taken from what a test prints: ${line}`, () => {
      expect(fetchBlame(`${line}\n`)).to.equal(undefined);
    });
  }

  it('is not taken from a script that fails in the tests', () => {
    expect(fetchBlame(readFileSync(join(outputs, 'npm-own-script.txt'), 'utf8'))).to.equal(undefined);
  });

  it('names the program that a shell does not find', () => {
    expect(missingProgram('sh: 1: vitest: not found\n')).to.equal('vitest');
    expect(missingProgram('bash: line 3: cmake: command not found\n')).to.equal('cmake');
    expect(missingProgram('make: meson: No such file or directory\n')).to.equal('meson');
    expect(missingProgram('sh: 1: ./test.sh: not found\n')).to.equal(undefined);
  });
});
