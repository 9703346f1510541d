import { expect } from 'chai';
import { noTestsMessage } from '../../../src/job/discovery/discover.ts';
import { type Files, findsEach, passedOverOf, projectsOf, runsOf } from './trees.ts';

const manifest = '{"scripts":{"test":"mocha"}}';

describe('the discovery of tests in a commit', () => {
  it('tests all kinds that the repository is of, in the documented order', () => {
    const files: Files = {
      'mix.exs': '',
      'pom.xml': '',
      'go.mod': '',
      'Cargo.toml': '',
      'composer.json': '{"scripts":{"test":"x"}}',
      'pytest.ini': '[pytest]',
      'package.json': manifest,
      Makefile: 'test:\n',
    };
    const kinds = projectsOf(files).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(['node', 'python', 'php', 'elixir', 'rust', 'go', 'maven']);
  });

  it('names the known kinds where there are no tests, what was passed over, and what to do', () => {
    const lines = noTestsMessage([{ because: 'go.mod', why: 'no reason' }]).split('\n');
    expect(lines[0]).to.match(
      /: Node, Bun, .*Make, just, Task, Python tests, Script \(docs.* `command: …` in \.volt\.yml/,
    );
    expect(lines[0]).to.have.length.below(400);
    expect(lines.slice(1)).to.deep.equal(['passed over go.mod: no reason']);
  });

  findsEach([
    ['a script where a Makefile has no tests', { Makefile: 'all:\n', 'test.sh!': '' }, './test.sh'],
    [
      'projects in folders, where the root has none',
      { 'server/go.mod': '', 'web/package.json': manifest },
      'server: go test -v ./...',
      'web: npm test',
    ],
    [
      'projects in folders of folders',
      { 'apps/a/go.mod': '', 'apps/b/package.json': manifest },
      'apps/a: go test -v ./...',
      'apps/b: npm test',
    ],
    ['the root alone where that has tests', { 'pom.xml': '', 'web/package.json': manifest }, 'mvn --batch-mode test'],
    ['no projects deeper in the repository', { 'a/b/c/go.mod': '' }],
    [
      'nothing that belongs to others',
      {
        'node_modules/a/package.json': manifest,
        'vendor/b/go.mod': '',
        'third_party/go.mod': '',
        'examples/go.mod': '',
        'fixtures/go.mod': '',
        'test/go.mod': '',
        '.cache/go.mod': '',
        'a/testdata/go.mod': '',
      },
    ],
    ['no folder that is called like a file', { 'package.json/a': manifest, 'Makefile/b': 'test:\n' }],
    ['no file that is called like a folder', { tests: '' }],
    ['nothing where there is nothing', {}],
  ]);

  it('says why a project was passed over', () => {
    expect(passedOverOf({ 'package.json': '{}', Makefile: 'all:\n', 'web/package.json': '{}' })).to.deep.equal([
      'package.json: package.json has no script "test"',
      'Makefile: Makefile has no target "test" or "check"',
      'web/package.json: package.json has no script "test"',
    ]);
  });

  it('names folders with tests of another language that it leaves out, since the root has tests', () => {
    const files = {
      'pom.xml': '',
      'web/package.json': manifest,
      'core/pom.xml': '',
      'a/b/go.mod': '',
      'c/Makefile': 'x:',
    };
    expect(runsOf(files)).to.deep.equal(['mvn --batch-mode test']);
    expect(passedOverOf(files)).to.deep.equal([
      "web/package.json: the root has tests; name the folder's command in .volt.yml or a workflow to test it, too",
    ]);
  });

  it('tests a bounded number of projects, and says which it leaves out', () => {
    const files = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`m${at + 10}/go.mod`, '']));
    expect(projectsOf(files)).to.have.length(20);
    const left = passedOverOf(files);
    expect(left).to.have.length(5);
    expect(left[4]).to.equal('m34/go.mod: Volt tests 20 projects of a repository at most');
  });

  it('searches a bounded number of folders', () => {
    const files = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`m${at + 100}/README`, '']));
    expect(runsOf({ ...files, 'm199/go.mod': '' })).to.deep.equal(['m199: go test -v ./...']);
    const more = { ...files, 'm200/go.mod': '' };
    expect(runsOf(more)).to.deep.equal([]);
    expect(passedOverOf(more)).to.deep.equal(['m200/: Volt searches 100 folders at most']);
    expect(
      runsOf({ ...files, ...Object.fromEntries(Object.keys(files).map((path) => [`m100/${path}/go.mod`, ''])) }),
    ).to.deep.equal([]);
  });

  it('passes over a project whose commands would be too long', () => {
    const folders = Array.from({ length: 30 }, (_, at) => `${'long'.repeat(100)}${at}`);
    const files = { 'go.work': folders.map((folder) => `use ./${folder}\n`).join('') };
    for (const folder of folders) Object.assign(files, { [`${folder}/go.mod`]: '' });
    expect(passedOverOf(files)).to.include('go.work: what Volt would run for a Go project is too long');
  });
});
