import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { VoltProcess, volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const matrix = `name: CI
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: { made: '\${{ steps.make.outputs.made }}' }
    steps:
      - uses: actions/checkout@v4
      - id: make
        run: echo "made=$(cat a.txt)-$(ls new.txt ignored.txt 2>/dev/null)" >> "$GITHUB_OUTPUT"
  test:
    needs: build
    runs-on: ubuntu-latest
    strategy: { matrix: { node: [20, 22] } }
    steps:
      - run: echo "node \${{ matrix.node }} of \${{ needs.build.outputs.made }}"
  other:
    runs-on: ubuntu-latest
    steps:
      - run: echo the other
`;

describe('volt exec', () => {
  const repositories: TestRepository[] = [];
  const folders = new TestFolders();
  const temporary = folders.make();
  const env = { XDG_CACHE_HOME: folders.make(), TMPDIR: temporary };

  after(() => {
    for (const repository of repositories) repository.remove();
    folders.remove();
  });

  function checkout(files: Record<string, string>): TestRepository {
    const repository = new TestRepository(files);
    repositories.push(repository);
    return repository;
  }

  /** Runs volt exec and returns its events. */
  async function events(repository: TestRepository, ...args: string[]) {
    const { code, stdout, stderr } = await volt(['exec', '--json', ...args], { cwd: repository.path, env });
    const lines = stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const output = lines.flatMap(({ kind, text }) => (kind === 'output' ? [String(text)] : [])).join('');
    const ended = lines.flatMap(({ kind, name, status }) =>
      kind === 'job' && status !== 'running' ? [[name, status]] : [],
    );
    return { code, stderr, lines, output, ended };
  }

  it('runs the workflows of a push with uncommitted changes, and leaves the work tree as it is', async () => {
    const repository = checkout({
      '.github/workflows/ci.yml': matrix,
      'a.txt': 'committed',
      '.gitignore': 'ignored.txt',
    });
    writeFileSync(join(repository.path, 'a.txt'), 'changed');
    writeFileSync(join(repository.path, 'new.txt'), '');
    writeFileSync(join(repository.path, 'ignored.txt'), '');
    const { code, output, ended, lines } = await events(repository);
    expect(code).to.equal(0);
    expect(lines[0]).to.include({ kind: 'build', ref: 'refs/heads/main', changed: true, event: 'push' });
    expect(output).to.include('\nnode 20 of changed-new.txt\n').and.include('\nnode 22 of changed-new.txt\n');
    expect(ended).to.have.deep.members([
      ['build', 'success'],
      ['test (20)', 'success'],
      ['test (22)', 'success'],
      ['other', 'success'],
    ]);
    expect(lines.at(-1)).to.deep.equal({ kind: 'end', status: 'success', reason: null, message: null });
    expect(repository.git('status', '--porcelain')).to.equal('M a.txt\n?? new.txt');
    expect(repository.git('fsck', '--dangling')).to.equal('');
    expect(readdirSync(temporary)).to.deep.equal([]);
  });

  it('builds the commit itself if the work tree is unchanged', async () => {
    const repository = checkout({ '.github/workflows/ci.yml': matrix, 'a.txt': 'a' });
    const { lines } = await events(repository, 'other');
    expect(lines[0]).to.include({ sha: repository.head(), changed: false });
  });

  it('runs a named job after the jobs that it needs, in the chosen matrix combinations', async () => {
    const repository = checkout({ '.volt/workflows/ci.yml': matrix, 'a.txt': 'a' });
    const { ended, code } = await events(repository, 'test', '--matrix', 'node=22');
    expect(ended).to.deep.equal([
      ['build', 'success'],
      ['test (22)', 'success'],
    ]);
    expect(code).to.equal(0);
  });

  it('runs a workflow_dispatch workflow with inputs, secrets and variables', async () => {
    const repository = checkout({
      '.github/workflows/release.yml': `on:
  workflow_dispatch:
    inputs: { level: { type: choice, options: [minor, major] } }
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - run: echo "\${{ inputs.level }} \${{ github.event_name }} \${{ vars.WHERE }} \${{ secrets.GIVEN }} \${{ secrets.TAKEN }}" | rev
`,
    });
    const options = ['--workflow', 'release.yml', '--input', 'level=minor', '--var', 'WHERE=here'];
    const { code, stdout, stderr } = await volt(
      ['exec', '--json', ...options, '--secret', 'GIVEN=given-value', '--secret', 'TAKEN'],
      { cwd: repository.path, env: { ...env, TAKEN: 'taken-value' } },
    );
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include([...'minor workflow_dispatch here given-value taken-value'].reverse().join(''));
    const bad = await events(repository, '--workflow', 'release.yml', '--input', 'level=tiny');
    expect(bad.code).to.equal(2);
    expect(bad.stderr).to.include('must be one of minor, major');
    const lacking = await events(repository, '--workflow', 'release.yml', '--secret', 'NOWHERE');
    expect(lacking.stderr).to.include('the environment variable NOWHERE is not set');
    const nothing = await events(repository);
    expect(nothing.code).to.equal(2);
    expect(nothing.stderr).to.include('no workflow runs for a push to main').and.include('--workflow');
  });

  it('runs jobs with labels of other machines, and prints a note', async () => {
    const repository = checkout({
      '.github/workflows/ci.yml':
        'on: push\njobs:\n  far:\n    runs-on: [self-hosted, linux, gpu]\n    steps: [{ run: echo here }]\n  near:\n    runs-on: ubuntu-latest\n    steps: [{ run: echo too }]\n',
    });
    const { code, stdout } = await volt(['exec'], { cwd: repository.path, env });
    expect(code, stdout).to.equal(0);
    expect(stdout).to.include('far (asks for a runner with gpu; runs here anyway)\n').and.include('near\n');
    const { lines } = await events(repository);
    const begun = lines.filter(({ kind, status }) => kind === 'job' && status === 'running');
    expect(begun.map(({ name, missingLabels }) => [name, missingLabels])).to.deep.equal([
      ['far', ['gpu']],
      ['near', []],
    ]);
  });

  it('passes artifacts from job to job, and keeps caches for the next run', async () => {
    const repository = checkout({
      '.github/workflows/ci.yml': `on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - { id: c, uses: actions/cache@v4, with: { path: kept, key: once } }
      - run: "echo 'hit: \${{ steps.c.outputs.cache-hit }}'; echo x > kept; echo y > made"
      - { uses: actions/upload-artifact@v4, with: { name: made, path: made } }
  use:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/download-artifact@v4, with: { name: made } }
      - run: echo "used $(cat made)"
`,
    });
    const first = await events(repository);
    expect(first.code, first.output).to.equal(0);
    expect(first.output).to.include('\nhit: \n').and.include('\nused y\n');
    const second = await events(repository);
    expect(second.output).to.include('\nhit: true\n');
  });

  it('discovers the tests without workflows, and exits with their result', async () => {
    const repository = checkout({ 'test.sh': '#!/bin/sh\necho tested\nexit 3\n' });
    const { code, output, ended } = await events(repository);
    expect(output).to.include('found test.sh').and.include('\ntested\n');
    expect(ended).to.deep.equal([['test', 'failure']]);
    expect(code).to.equal(1);
    expect((await events(checkout({ 'a.txt': '' }))).code).to.equal(3);
  });

  it('exits 3 and prints all errors of an invalid workflow', async () => {
    const repository = checkout({ '.github/workflows/ci.yml': matrix.replace('needs: build', 'needs: nobody') });
    const { code, lines } = await events(repository);
    expect(code).to.equal(3);
    expect(lines.at(-1)).to.include({ status: 'error', reason: 'invalid_workflow' });
    expect(String(lines.at(-1)?.message)).to.include('.github/workflows/ci.yml:12:');
  });

  const inner = `on: workflow_call
jobs:
  first: { runs-on: ubuntu-latest, steps: [{ run: echo first }] }
  second: { needs: first, runs-on: ubuntu-latest, steps: [{ run: echo second }] }
  third: { runs-on: ubuntu-latest, steps: [{ run: echo third }] }
`;
  const text = `${matrix}  titled:
    name: On \${{ github.ref_name }}
    runs-on: ubuntu-latest
    steps: [{ run: 'echo titled, default \${{ github.event.repository.default_branch }}' }]
  call: { uses: ./.github/workflows/inner.yml }
`;
  const several = () =>
    checkout({ '.github/workflows/ci.yml': text, '.github/workflows/inner.yml': inner, 'a.txt': 'a' });

  it('finds a job by its displayed name', async () => {
    const repository = several();
    const names = async (...args: string[]) => (await events(repository, ...args)).ended.map(([name]) => name);
    expect(await names('Test (20)')).to.deep.equal(['build', 'test (20)']);
    const titled = await events(repository, 'On main');
    expect(titled.ended.map(([name]) => name)).to.deep.equal(['On main']);
    expect(titled.output).to.include('titled, default main\n');
    expect(await names('call / second')).to.deep.equal(['call / first', 'call / second']);
  });

  it('lists the existing jobs and matrix values if a named one does not exist', async () => {
    const repository = several();
    for (const [args, message, remedy] of [
      [['nojob'], 'job "nojob" does not exist', 'On main'],
      [['test (24)'], 'job "test (24)" does not exist', 'test (22)'],
      [['test', '--matrix', 'node=24'], 'no job has node=24 in its matrix', 'The values of node are 20, 22.'],
      [['--matrix', 'nod=20'], 'no job has nod=20 in its matrix', 'The keys of the matrix are node.'],
      [['other', '--matrix', 'node=20'], 'no job has node=20 in its matrix', 'No job that runs has a matrix'],
    ] as const) {
      const { code, stderr } = await events(repository, ...args);
      expect(stderr).to.include(`not_found`).and.include(message.replaceAll('"', '\\"')).and.include(remedy);
      expect(code).to.equal(2);
    }
  });

  it('refuses a value that no matrix has before any job runs', async () => {
    const repository = checkout({ '.github/workflows/ci.yml': matrix, 'a.txt': 'a' });
    const { ended, code, stderr } = await events(repository, 'test', '--matrix', 'node=24');
    expect(stderr).to.include('The values of node are 20, 22.');
    expect([code, ended]).to.deep.equal([2, []]);
  });

  it('refuses a value before any job runs where expressions without needs make the matrix, also in a call', async () => {
    const repository = checkout({
      '.github/workflows/ci.yml': `on: push
jobs:
  list: { runs-on: ubuntu-latest, outputs: { parts: '["a","b"]' }, steps: [{ run: echo listed }] }
  test:
    needs: list
    runs-on: ubuntu-latest
    strategy: { matrix: { os: '\${{ fromJSON(vars.SYSTEMS) }}', part: '\${{ fromJSON(needs.list.outputs.parts) }}' } }
    steps: [{ run: echo tested }]
  call: { needs: list, uses: ./.github/workflows/inner.yml, with: { sizes: '[1,2]' } }
`,
      '.github/workflows/inner.yml': `on: { workflow_call: { inputs: { sizes: { type: string } } } }
jobs:
  inner:
    runs-on: ubuntu-latest
    strategy: { matrix: { size: '\${{ fromJSON(inputs.sizes) }}' } }
    steps: [{ run: echo inner }]
`,
    });
    const run = (job: string, value: string) =>
      events(repository, job, '--matrix', value, '--var', 'SYSTEMS=["linux","mac"]');
    const early = await run('test', 'os=bsd');
    expect([early.code, early.ended]).to.deep.equal([2, []]);
    expect(early.stderr).to.include('The values of os are linux, mac.');
    const called = await run('call', 'size=3');
    expect([called.code, called.ended]).to.deep.equal([2, []]);
    expect(called.stderr).to.include('The values of size are 1, 2.');
    const late = await run('test', 'part=c');
    expect([late.code, late.ended]).to.deep.equal([2, [['list', 'success']]]);
    expect(late.stderr).to.include('no job has part=c in its matrix, which is known only after list');
    expect(late.stderr).to.include('The values of part are a, b.');
  });

  it('runs the valid workflows beside invalid ones, prints one error a line, and exits 3', async () => {
    const repository = checkout({
      '.github/workflows/ci.yml': 'on: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: echo said}]}}\n',
      '.github/workflows/bad.yml': 'on: push\njobs:\n  a:\n    needs: x\n    run-on: y\n',
    });
    const { code, stdout } = await volt(['exec'], { cwd: repository.path, env });
    expect(code).to.equal(3);
    expect(stdout).to.include('\n    said\n').and.include('✔ one passed');
    expect(stdout).to.match(
      /\n! \.github\/workflows\/bad\.yml error: \.github\/workflows\/bad\.yml:\d+:\d+: .*\n {4}\.github\/workflows\/bad\.yml:\d+:\d+: /,
    );
    const named = await volt(['exec', '--workflow', 'ci.yml'], { cwd: repository.path, env });
    expect(named.code).to.equal(0);
  });

  it('prints lines without a terminal, without the headings of steps', async () => {
    const text =
      'on: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: "echo said; echo ::error::bad; exit 4"}]}}\n';
    const repository = checkout({ '.github/workflows/ci.yml': text });
    const { code, stdout } = await volt(['exec'], { cwd: repository.path, env });
    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^main [0-9a-f]{7}: \.github\/workflows\/ci\.yml for push\n▶ one\n {2}✔ Set up job .*\n {4}said\n {4}Error: bad\n/,
    );
    expect(stdout).to.match(/ {2}✘ Run echo said.* exit code 4\n[\s\S]*✘ one failed: [\s\S]*✘ failed: .*\n$/);
  });

  it('cleans up when it is interrupted, and exits 1', async () => {
    const text =
      'on: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: "echo begun; sleep 600"}, {run: echo cleaned, if: always()}]}}\n';
    const repository = checkout({ '.github/workflows/ci.yml': text });
    const started = new VoltProcess(['exec'], { cwd: repository.path, env });
    await started.says(/begun/);
    started.signal('SIGINT');
    const { code, stdout } = await started.ended();
    expect(stdout)
      .to.include('cleaned')
      .and.match(/⊘ cancelled: interrupted\n$/);
    expect(code).to.equal(1);
  });

  it('prints an error outside a repository', async () => {
    const { code, stderr } = await volt(['exec'], { cwd: folders.make(), env });
    expect(code).to.equal(2);
    expect(stderr).to.include('no_repository');
  });

  it('works in a repository without commits', async () => {
    const repository = checkout({});
    mkdirSync(repository.path, { recursive: true });
    writeFileSync(join(repository.path, 'test.sh'), '#!/bin/sh\necho tested\n');
    chmodSync(join(repository.path, 'test.sh'), 0o755);
    const { code, output } = await events(repository);
    expect(output).to.include('\ntested\n');
    expect(code).to.equal(0);
  });

  it('fetches workflows and actions of other repositories', async () => {
    const base = folders.make();
    const path = '.github/workflows/test.yml';
    const text = `on: { workflow_call: { inputs: { word: { type: string } } } }
jobs: { inner: { runs-on: ubuntu-latest, steps: [{ uses: $/say, with: { word: '\${{ inputs.word }}' } }] } }
`;
    const say =
      "inputs: { word: {} }\nruns: { using: composite, steps: [{ run: 'echo said ${{ inputs.word }}', shell: sh }] }\n";
    repositories.push(new TestRepository({ [path]: text, 'say/action.yml': say }, { at: join(base, 'acme/ci') }));
    const call = (ref: string) => `on: push\njobs: { call: { uses: acme/ci/${path}@${ref}, with: { word: it } } }\n`;
    const own = 'on: push\njobs: { own: { runs-on: ubuntu-latest, steps: [{ uses: $/mine }] } }\n';
    const mine = "runs: { using: composite, steps: [{ run: 'echo mine', shell: sh }] }\n";
    const repository = checkout({ '.github/workflows/a.yml': call('main'), '.github/workflows/b.yml': own });
    // not committed
    mkdirSync(join(repository.path, 'mine'));
    writeFileSync(join(repository.path, 'mine', 'action.yml'), mine);
    const given = { ...env, VOLT_ACTIONS_URL: base };
    const { code, stdout } = await volt(['exec'], { cwd: repository.path, env: given });
    expect(stdout).to.include('said it').and.include('mine');
    expect(code).to.equal(0);
    writeFileSync(join(repository.path, '.github/workflows/a.yml'), call('v9'));
    const wrong = await volt(['exec', '--json'], { cwd: repository.path, env: given });
    expect(wrong.stdout).to.include('acme/ci has no branch or tag').and.include('"name":"own"');
    expect(wrong.code).to.equal(3);
  });
});
