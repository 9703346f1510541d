import { expect } from 'chai';
import { callSecrets } from '../../src/workflow/call-secrets.ts';
import { type CalledRepository, calledIn } from '../../src/workflow/called-file.ts';
import { readWorkflows } from '../../src/workflow/commit-workflows.ts';
import { factsOf, PlannedBuild } from '../support/workflows.ts';

const sha = 'c'.repeat(40);
const inner = (use = 'secrets.T') => `on: { workflow_call: { inputs: { n: { type: string } }, secrets: { T: {} } } }
jobs:
  inner:
    runs-on: ubuntu-latest
    env: { T: "\${{ ${use} }}" }
    steps: [{ run: make }]
`;
const caller = (...lines: string[]) => `on: push
jobs:
  call:
    uses: acme/ci/.github/workflows/test.yml@v1
${lines.map((line) => `    ${line}\n`).join('')}`;
const repository = (files: { [path: string]: string | null }, change: Partial<CalledRepository> = {}) => ({
  ...{ repository: 'acme/ci', ref: 'v1', sha, inherits: true },
  files: Object.entries(files).map(([name, text]) => ({ path: `.github/workflows/${name}`, text })),
  ...change,
});
const messages = (text: string, called?: CalledRepository[]) =>
  readWorkflows([{ path: 'ci.yml', text }], called).diagnostics.map(({ file, message }) => `${file}: ${message}`);

describe('called workflows of other repositories', () => {
  it('are found anywhere in a text, with local calls if the repository is known', () => {
    const text = `# see a/b/.github/workflows/x.yml@main
jobs:
  one: { uses: 'Acme/c.i/.github/workflows/a-b.yaml@feature/x' }
  two: {uses: acme/ci/.volt/workflows/t.yml@v1}
  three: { uses: ./.github/workflows/own.yml }
  four: { uses: $/.github/workflows/other.yml }
  five: { uses: ../ci/.github/workflows/t.yml@v1 }
`;
    const other = [
      { repository: 'a/b', path: '.github/workflows/x.yml', ref: 'main' },
      { repository: 'Acme/c.i', path: '.github/workflows/a-b.yaml', ref: 'feature/x' },
      { repository: 'acme/ci', path: '.volt/workflows/t.yml', ref: 'v1' },
    ];
    expect(calledIn(text)).to.have.deep.members(other);
    const from = { repository: 'x/y', ref: sha };
    expect(calledIn(text, from)).to.have.deep.members([
      ...other,
      { ...from, path: '.github/workflows/own.yml' },
      { ...from, path: '.github/workflows/other.yml' },
    ]);
  });

  it('are planned like local workflows, and their jobs know the source repository', () => {
    const build = new PlannedBuild(caller('with: { n: x }'), factsOf(), [], [repository({ 'test.yml': inner() })]);
    expect(build.statuses).to.deep.equal({ 'call / inner': 'queued' });
    const { workflow, contexts } = build.plans['call / inner']?.plan ?? {};
    expect(contexts?.inputs).to.deep.equal({ n: 'x' });
    expect(contexts?.github).to.include({ repository: 'acme/app', workflow_ref: 'acme/app/ci.yml@refs/heads/main' });
    expect(workflow).to.deep.equal({
      ...{ path: 'ci.yml', name: 'ci.yml' },
      source: { repository: 'acme/ci', ref: 'v1', sha, path: '.github/workflows/test.yml' },
    });
  });

  for (const prefix of ['./', '$/']) {
    it(`call workflows of their own repository at the same commit with ${prefix}, and those of others`, () => {
      const middle = `on: workflow_call
jobs:
  own: { uses: ${prefix}.github/workflows/inner.yml }
  other: { uses: else/where/.github/workflows/test.yml@main }
`;
      const called = [
        repository({ 'test.yml': middle, 'inner.yml': inner() }),
        repository({ 'test.yml': inner() }, { repository: 'else/where', ref: 'main', inherits: false }),
      ];
      const build = new PlannedBuild(caller(), factsOf(), [], called);
      expect(build.names).to.have.members(['call / own / inner', 'call / other / inner']);
      expect(build.plans['call / own / inner']?.plan.workflow.source?.repository).to.equal('acme/ci');
      expect(build.plans['call / other / inner']?.plan.workflow.source?.repository).to.equal('else/where');
    });
  }

  it('do not run by their own triggers', () => {
    const both = inner().replace('on: {', 'on: { push: {},');
    const read = readWorkflows([{ path: 'ci.yml', text: caller() }], [repository({ 'test.yml': both })]);
    expect(read.workflows.map(({ path }) => path)).to.deep.equal(['ci.yml']);
    expect(read.called.map(({ path }) => path)).to.deep.equal(['acme/ci/.github/workflows/test.yml@v1']);
  });

  describe('get only', () => {
    const store = { T: 'one', ALL: 'two', GITHUB_TOKEN: 'token' };
    const given = (lines: string[], change: Partial<CalledRepository> = {}, use = 'toJSON(secrets)') => {
      const called = [repository({ 'test.yml': inner(use) }, change)];
      const { secrets } = new PlannedBuild(caller(...lines), factsOf(), [], called).plans['call / inner']?.plan ?? {};
      if (!secrets) throw new Error('there is no such job');
      const named = Object.entries(store).filter(([name]) => secrets.names === '*' || secrets.names.includes(name));
      return callSecrets(secrets.through, Object.fromEntries(named), { github: {}, vars: {} });
    };

    it("the secrets that the caller passes by name, and the repository's token if the owner is the same", () => {
      const lines = ['secrets: { T: "${{ secrets.ALL }}" }'];
      expect(given(lines)).to.deep.equal({ T: 'two', GITHUB_TOKEN: 'token' });
      expect(given(lines, { inherits: false })).to.deep.equal({ T: 'two' });
      expect(given([], {}, 'secrets.GITHUB_TOKEN')).to.deep.equal({ GITHUB_TOKEN: 'token' });
    });

    it('all secrets with `inherit`, but none in a repository of another owner', () => {
      expect(given(['secrets: inherit'])).to.deep.equal(store);
      expect(given(['secrets: inherit'], { inherits: false })).to.deep.equal({});
    });

    it('the secrets of their caller if the owner is the same', () => {
      const middle = (uses: string) => `on: { workflow_call: { secrets: { T: {} } } }
jobs: { deep: { uses: ${uses}, secrets: inherit } }
`;
      const plan = (uses: string) => {
        const called = [
          repository({ 'test.yml': middle(uses), 'inner.yml': inner('toJSON(secrets)') }, { inherits: false }),
          repository({ 'inner.yml': inner('toJSON(secrets)') }, { repository: 'else/where', inherits: true }),
        ];
        const build = new PlannedBuild(caller('secrets: { T: "${{ secrets.T }}" }'), factsOf(), [], called);
        const { names, through } = build.plans['call / deep / inner']?.plan.secrets ?? { names: [], through: [] };
        return { names, given: callSecrets(through, store, { github: {}, vars: {} }) };
      };
      expect(plan('./.github/workflows/inner.yml')).to.deep.equal({ names: ['T'], given: { T: 'one' } });
      expect(plan('else/where/.github/workflows/inner.yml@v1')).to.deep.equal({ names: [], given: {} });
    });
  });

  describe('report', () => {
    it('wrong inputs of the call and errors in the called file', () => {
      expect(messages(caller('with: { m: x }'), [repository({ 'test.yml': inner() })])).to.deep.equal([
        'ci.yml: the job "call" passes the unknown input "m" to acme/ci/.github/workflows/test.yml@v1',
      ]);
      expect(messages(caller(), [repository({ 'test.yml': 'on: workflow_call\njobs: { a: {} }\n' })])).to.deep.equal([
        'acme/ci/.github/workflows/test.yml@v1: a job needs `runs-on` and `steps`, or `uses`',
        'ci.yml: the job "call" calls acme/ci/.github/workflows/test.yml@v1, which does not exist or is not valid',
      ]);
    });

    it('nothing about unknown files and about files that nobody calls', () => {
      expect(messages(caller())).to.deep.equal([]);
      const wrong = repository({ 'other.yml': 'no workflow', 'test.yml': inner() });
      expect(messages(caller(), [wrong])).to.deep.equal([]);
    });

    it('cycles over several repositories', () => {
      const round = (uses: string) => `on: workflow_call\njobs: { a: { uses: ${uses} } }\n`;
      const called = [
        repository({ 'test.yml': round('x/y/.github/workflows/a.yml@v1') }),
        repository({ 'a.yml': round('acme/ci/.github/workflows/test.yml@v1') }, { repository: 'x/y' }),
      ];
      expect(messages(caller(), called).join()).to.match(/calls workflows in a cycle or too deeply/);
    });

    const missing: [what: string, called: CalledRepository[], why: RegExp][] = [
      [
        'a file that could not be fetched',
        [repository({}, { sha: null, problem: 'nobody answers' })],
        /@v1: nobody answers/,
      ],
      ['a file that was not fetched', [], /@v1: it was not fetched: .* too many/],
      ['a file that is too large', [repository({ 'test.yml': null })], /@v1: the file is too large/],
    ];
    for (const [what, called, why] of missing) {
      it(`${what} as unavailable, not as wrong`, () => {
        const [found, ...others] = readWorkflows([{ path: 'ci.yml', text: caller() }], called).diagnostics;
        expect(found).to.include({ file: 'ci.yml', severity: 'invalid', elsewhere: 'unavailable' });
        expect(found?.message).to.match(why);
        expect(others).to.deep.equal([]);
      });
    }

    it('an error in a called file only for workflows that call it, directly or indirectly', () => {
      const files = [
        { path: '.github/workflows/ci.yml', text: caller() },
        { path: '.github/workflows/by.yml', text: 'on: push\njobs: { a: { uses: ./.github/workflows/mid.yml } }\n' },
        { path: '.github/workflows/mid.yml', text: caller().replace('push', 'workflow_call') },
        { path: '.github/workflows/no.yml', text: 'on: push\njobs: { a: { uses: ./.github/workflows/none.yml } }\n' },
        { path: '.github/workflows/ok.yml', text: 'on: push\njobs: { a: { runs-on: x, steps: [{ run: x }] } }\n' },
      ];
      const { workflows, broken } = readWorkflows(files, [repository({})]);
      const names = (some: { path: string }[]) => some.map(({ path }) => path.slice('.github/workflows/'.length));
      expect(names(workflows)).to.deep.equal(['ok.yml']);
      expect(names(broken)).to.have.members(['ci.yml', 'mid.yml', 'by.yml']);
    });

    it('a missing file as an error of the call', () => {
      const [found] = readWorkflows([{ path: 'ci.yml', text: caller() }], [repository({})]).diagnostics;
      expect(found?.elsewhere).to.equal('wrong');
      expect(found?.message).to.match(/which does not exist or is not valid/);
    });
  });
});
