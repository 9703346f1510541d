import { expect } from 'chai';
import fc from 'fast-check';
import { describes } from '../../../src/job/discovery/describing-files.ts';
import { discover } from '../../../src/job/discovery/discover.ts';
import { passedOverSchema, projectSchema } from '../../../src/job/discovery/project.ts';
import { Tree } from '../../../src/job/discovery/tree.ts';
import { type Target, target } from '../target.ts';
import { anyText, soup } from '../texts.ts';

const names = [
  ...['package.json', 'deno.jsonc', 'pnpm-workspace.yaml', 'lerna.json', 'yarn.lock', 'bun.lock', '.nvmrc'],
  ...[
    'pyproject.toml',
    'setup.cfg',
    'setup.py',
    'tox.ini',
    'noxfile.py',
    'hatch.toml',
    'requirements-dev.txt',
    'Pipfile',
  ],
  ...['test_a.py', 'conftest.py', '__init__.py', 'manage.py', 'Cargo.toml', 'go.mod', 'go.work', 'a_test.go'],
  ...['pom.xml', 'mvnw', 'settings.gradle', 'mix.exs', 'rebar.config', 'Gemfile', 'Rakefile', 'a_spec.rb'],
  ...['composer.json', 'phpunit.xml', 'CMakeLists.txt', 'CMakePresets.json', 'meson.build', 'configure.ac'],
  ...[
    'Makefile.am',
    'global.json',
    'a.sln',
    'a.Tests.csproj',
    'Package.swift',
    'pubspec.yaml',
    'stack.yaml',
    'a.cabal',
  ],
  ...['dune-project', 'dune', 'shard.yml', 'build.zig', 'Makefile', 'justfile', 'Taskfile.yml', 'test.sh', 'mise.toml'],
];
const folders = [
  '',
  'a/',
  'tests/',
  'test/',
  'src/pkg/',
  'requirements/',
  'b c/',
  "it's/",
  '-x/',
  'build/',
  '$(x)/',
  'node_modules/',
];

/** Pieces of the languages of describing files. */
const words = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '"',
    "'",
    ':',
    '=',
    ',',
    '\n',
    '\n  ',
    '\n\t',
    ' ',
    '#',
    '\\\n',
    '*',
    '!',
    '$(x)',
    ';',
  ],
  ...[
    '"scripts":{"test":"x"}',
    '"workspaces":["*"]',
    '"packageManager":"pnpm@9"',
    '"tasks":{"test":"x"}',
    '"name":"-x"',
  ],
  ...[
    '[testenv]\n',
    'commands = ',
    'deps = ',
    'pytest ',
    '{posargs:a}',
    '{[testenv]deps}',
    '{toxinidir}',
    'envlist = py{1,2}-{a,b}\n',
  ],
  ...['@nox.session\n', 'def tests(session):\n', '    session.run("pytest")\n', '    session.install("-e", ".[a]")\n'],
  ...[
    '[tool.hatch.envs.default.scripts]\n',
    '[tool.pytest]\n',
    '[project]\n',
    'test = "pytest {args}"\n',
    'dependencies = ["a>1", "-x"]\n',
  ],
  ...[
    'enable_testing()\n',
    'option(A_TESTS "x" OFF)\n',
    "test('a')\n",
    'test: ',
    'check ',
    'use ./a\n',
    'require x\n',
    'test-suite a\n',
  ],
  ...[
    'import pytest\n',
    'def test_a():\n',
    'def load_tests(',
    'test_suite="a.b"',
    'packages:\n- "*"\n',
    'tasks:\n  test:\n',
    'xunit',
  ],
  ...['__proto__', 'constructor', '-e', '--', '../', '/etc'],
];

/** Valid JSON of the keys that finders look at, with values of any kind. */
const json = fc
  .dictionary(
    fc.constantFrom(
      'scripts',
      'test',
      'workspaces',
      'packageManager',
      'devEngines',
      'packages',
      'tasks',
      'config',
      '__proto__',
    ),
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant({ test: 'x' }), fc.constant(['*', '!a', '{a,{b,c}}'])),
    { maxKeys: 5 },
  )
  .map((value) => JSON.stringify(value));

const file = fc.record({
  path: fc
    .tuple(
      fc.array(fc.constantFrom(...folders), { maxLength: 3 }),
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: anyText(3) }),
    )
    .map(([above, name]) => above.join('') + name),
  executable: fc.boolean(),
  text: fc.oneof(soup(words), json, anyText()),
});

export const discoveryTargets: Target[] = [
  target(
    'discovery',
    'any files of a commit come to projects that a runner can be sent, or to what was passed over',
    1500,
    fc.array(file, { maxLength: 12 }),
    (files) => {
      const known = files.filter(({ path }) => describes(path) !== undefined);
      const tree = new Tree(files, new Map(known.map(({ path, text }) => [path, text])));
      const { projects, passedOver } = discover(tree);
      for (const project of projects) {
        expect(projectSchema.parse(project)).to.deep.equal(project);
        // what pip would take for an option would let a repository choose where packages come from
        for (const given of Object.values(project.environment ?? {}).flat()) expect(String(given)).not.to.match(/^-/);
        const commands = project.steps.map(({ command }) => command).join('\n');
        expect(commands.replace(/'[^']*'|"'"/g, ''), 'what a shell would run by itself').not.to.include('$(x)');
      }
      for (const each of passedOver) passedOverSchema.parse(each);
    },
  ),
];
