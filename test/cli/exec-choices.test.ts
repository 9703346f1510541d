import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { VoltProcess, volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const several = `name: CI
on: [push, pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - { id: install, name: Install, run: echo installed }
      - { name: Compile, run: echo compiled }
      - { run: "echo tested; cat a.txt" }
  lint:
    runs-on: ubuntu-latest
    steps: [{ run: echo linted }]
  test:
    needs: build
    runs-on: ubuntu-latest
    strategy: { matrix: { node: [20, 22] } }
    steps: [{ name: Install, run: "echo node \${{ matrix.node }}" }]
  other:
    runs-on: ubuntu-latest
    steps: [{ run: echo the other }]
`;

describe('volt exec with options', () => {
  const repositories: TestRepository[] = [];
  const folders = new TestFolders();
  const env = { XDG_CACHE_HOME: folders.make() };

  after(() => {
    for (const repository of repositories) repository.remove();
    folders.remove();
  });

  function checkout(text: string, more: Record<string, string> = {}): TestRepository {
    const repository = new TestRepository({ '.github/workflows/ci.yml': text, 'a.txt': 'text of a\n', ...more });
    repositories.push(repository);
    return repository;
  }

  function file(text: string): string {
    const path = join(folders.make(), 'file');
    writeFileSync(path, text);
    return path;
  }

  async function exec(repository: TestRepository, ...args: string[]) {
    const { code, stdout, stderr } = await volt(['exec', '--json', ...args], { cwd: repository.path, env });
    const lines = stdout
      .split('\n')
      .filter((line) => line.startsWith('{"kind"'))
      .map((line) => JSON.parse(line));
    const output: string = lines.flatMap(({ kind, text }) => (kind === 'output' ? [text] : [])).join('');
    const ended: string[] = lines.flatMap(({ kind, name, status }) =>
      kind === 'job' && status !== 'running' ? [name] : [],
    );
    return { code, stdout, stderr, lines, output, ended };
  }

  it('runs several named jobs and the jobs that they need, and no other job', async () => {
    const repository = checkout(several);
    const { ended, code } = await exec(repository, 'lint', 'test (22)');
    expect(ended).to.have.members(['build', 'lint', 'test (22)']);
    expect(code).to.equal(0);
    const wrong = await exec(repository, 'lint', 'tset');
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.include('job \\"tset\\" does not exist');
  });

  it('runs the named steps and the actions before them in the named jobs', async () => {
    const repository = checkout(several);
    const last = await exec(repository, 'build', '--step', '4');
    expect(last.output).to.include('\ntext of a\n').and.not.include('\ninstalled\n').and.not.include('\ncompiled\n');
    const alone = await exec(repository, '--step', 'compile');
    expect(alone.ended).to.deep.equal(['build']);
    expect(alone.output).to.include('\ncompiled\n').and.not.include('\ninstalled\n').and.not.include('\ntested\n');
    // a job that another job needs runs with all of its steps
    const needed = await exec(repository, 'test (20)', '--step', 'Install');
    expect(needed.output).to.include('\ncompiled\n').and.include('\nnode 20\n');
    const wrong = await exec(repository, 'build', '--step', 'Deploy');
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.include('the step \\"Deploy\\"').and.include('\\"Compile\\"');
  });

  it('runs a workflow from any file', async () => {
    const repository = checkout(several);
    const path = file('on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: echo from anywhere }] } }\n');
    const anywhere = await exec(repository, '--workflow', path);
    expect(anywhere.output).to.include('\nfrom anywhere\n');
    expect(anywhere.code).to.equal(0);
    const bad = await exec(repository, '--workflow', file('on: push\njobs: { a: { steps: [] } }\n'));
    expect(bad.code).to.equal(3);
    expect(bad.lines.at(-1)).to.include({ reason: 'invalid_workflow' });
  });

  const requested = `on:
  pull_request: { branches: [main], types: [opened, labeled] }
jobs:
  ask:
    runs-on: ubuntu-latest
    steps:
      - run: echo "\${{ github.event_name }} \${{ github.event.action }} \${{ github.ref }} \${{ github.head_ref }} to \${{ github.base_ref }}"
      - run: echo "\${{ github.event.pull_request.title }} of \${{ github.event.pull_request.number }}"
`;

  const events: [event: string, on: string, says: string][] = [
    ['pull_request_target', '{ pull_request_target: { types: [labeled] } }', 'labeled topic to '],
    ['merge_group', '{ merge_group: { branches: [main] } }', 'checks_requested  to '],
    ['workflow_run', '{ workflow_run: { workflows: [CI], types: [completed] } }', 'completed  to '],
    ['issue_comment', '{ issue_comment: { types: [created] } }', 'created  to '],
    ['create', 'create', '  to '],
  ];
  for (const [event, on, says] of events)
    it(`runs the workflows for ${event} that the checkout has`, async () => {
      const steps = `steps: [{ run: 'echo "$GITHUB_EVENT_NAME \${{ github.event.action }} $GITHUB_HEAD_REF to $GITHUB_BASE_REF"' }]`;
      const repository = checkout(`on: ${on}\njobs: { a: { runs-on: ubuntu-latest, ${steps} } }\n`);
      repository.git('checkout', '-q', '-b', 'topic');
      const { output, code } = await exec(repository, '--workflow', 'ci.yml', '--event', event);
      expect(code, output).to.equal(0);
      expect(output).to.include(`\n${event} ${says}`);
      if (event === 'workflow_run' || event === 'create')
        expect((await exec(repository, '--event', event)).code).to.equal(0);
    });

  it('runs the workflows of a pull request, from git alone or with a payload', async () => {
    const repository = checkout(requested);
    repository.git('checkout', '-q', '-b', 'topic');
    repository.git('commit', '-q', '--allow-empty', '-m', 'a topic');
    const payload = {
      action: 'labeled',
      number: 7,
      pull_request: { number: 7, title: 'Given', head: { ref: 'theirs' }, base: { ref: 'main' } },
    };
    const given = await exec(repository, '--event', 'pull_request', '--event-path', file(JSON.stringify(payload)));
    expect(given.output).to.include('\npull_request labeled refs/pull/7/merge theirs to main\n');
    expect(given.output).to.include('\nGiven of 7\n');
    // the type and the base branch are looked at as for any event
    for (const other of [{ action: 'closed' }, { pull_request: { base: { ref: 'release' } } }]) {
      const changed = file(JSON.stringify({ ...payload, ...other }));
      const none = await exec(repository, '--event', 'pull_request', '--event-path', changed);
      expect(none.code).to.equal(2);
      expect(none.stderr).to.include('no workflow runs for pull_request');
    }
    const made = await exec(repository, '--workflow', 'ci.yml');
    expect(made.output).to.include('\npull_request opened refs/pull/1/merge topic to ');
    // only a forge knows its title
    expect(made.output).to.include('\n of 1\n');
  });

  it('runs the workflows of any other event of a forge', async () => {
    const repository = checkout(`on: { release: { types: [published] } }
jobs:
  publish:
    runs-on: ubuntu-latest
    steps: [{ run: 'echo "\${{ github.event_name }} \${{ github.event.action }} \${{ github.event.release.tag_name }}"' }]
`);
    const payload = (action: string) => file(JSON.stringify({ action, release: { tag_name: 'v1' } }));
    const released = await exec(repository, '--event', 'release', '--event-path', payload('published'));
    expect(released.output).to.include('\nrelease published v1\n');
    expect((await exec(repository, '--event', 'release', '--event-path', payload('deleted'))).code).to.equal(2);
    const odd = await exec(repository, '--event', 'Not an event');
    expect(odd.stderr).to.include('is not a valid event name');
    for (const text of ['[1]', 'no json']) {
      const bad = await exec(repository, '--event', 'release', '--event-path', file(text));
      expect(bad.code).to.equal(2);
      expect(bad.stderr).to.include('is not a valid event payload');
    }
  });

  it('takes secrets, variables and the environment from files; named values override them', async () => {
    const repository = checkout(`on: push
env: { FIXED: by the workflow }
jobs:
  show:
    runs-on: ubuntu-latest
    steps:
      - run: echo "\${{ secrets.ONE }}, \${{ secrets.TWO }}" | rev
      - run: echo "\${{ vars.ONE }}, \${{ vars.TWO }}"
      - run: echo "$ONE, $TWO, $FIXED, \${{ env.TWO }}, local $VOLT_EXEC"
`);
    const { output, code, stderr } = await exec(
      ...([
        repository,
        '--secret-file',
        file('one="hidden-first"\nTWO=hidden-second\n'),
        '--secret',
        'ONE=hidden-named',
      ] as const),
      ...['--var-file', file("# a comment\nONE=a\nTWO='b c'\n"), '--var', 'ONE=named'],
      ...['--env-file', file('ONE=x\nTWO=y\nFIXED=z\n'), '--env', 'TWO=named'],
    );
    expect(code, stderr).to.equal(0);
    expect(output).to.include([...'hidden-named, hidden-second'].reverse().join(''));
    expect(output).to.include('\nnamed, b c\n').and.include('\nx, named, by the workflow, named, local true\n');
    const bad = await exec(repository, '--env-file', file('ONE=1\nno value here\nTWO=2\n'));
    expect(bad.code).to.equal(2);
    expect(bad.stderr).to.include('a line that is not NAME=VALUE: no value here');
    expect((await exec(repository, '--var-file', '/nowhere/at/all')).stderr).to.include('cannot read /nowhere/at/all');
  });

  it('lets a job see that volt exec runs it, also with discovered tests', async () => {
    const repository = new TestRepository({ 'test.sh': '#!/bin/sh\necho "here: $VOLT_EXEC $GIVEN"\n' });
    repositories.push(repository);
    expect((await exec(repository, '--env', 'GIVEN=too')).output).to.include('\nhere: true too\n');
  });

  it('lists workflows and jobs, and shows what would run, without running anything', async () => {
    const repository = checkout(several, {
      '.github/workflows/dynamic.yml': `on: push
jobs:
  first: { runs-on: ubuntu-latest, outputs: { list: '[1]' }, steps: [{ run: echo RAN }] }
  second:
    needs: first
    runs-on: ubuntu-latest
    strategy: { matrix: { of: '\${{ fromJSON(needs.first.outputs.list) }}' } }
    steps: [{ run: echo RAN }]
`,
    });
    const { stdout } = await volt(['exec', '--list'], { cwd: repository.path, env });
    expect(stdout).to.match(/^WORKFLOW +EVENTS +JOB +NAME +NEEDS\n/);
    expect(stdout)
      .to.match(/\n.github\/workflows\/ci.yml +push, pull_request +build\n/)
      .and.match(/ test +\(matrix\) +build\n/);
    const one = await volt(['exec', '--list', '--json', '--workflow', 'CI'], { cwd: repository.path, env });
    const listed = JSON.parse(one.stdout).workflows;
    expect(listed).to.have.length(1);
    expect(listed[0].jobs[0]).to.deep.include({ id: 'build', needs: [], matrix: false });
    expect(listed[0].jobs[0].steps).to.deep.equal([
      'Run actions/checkout@v4',
      'Install',
      'Compile',
      'Run echo tested; cat a.txt',
    ]);

    const dry = await volt(['exec', '--dry-run'], { cwd: repository.path, env });
    expect(dry.code, dry.stderr).to.equal(0);
    expect(dry.stdout).to.include('  2. Install\n').and.include('test (22)').and.not.include('\n    RAN');
    expect(dry.stdout).to.match(/second unknown until the jobs that it needs have run: /);
    expect(dry.stdout).to.match(/\n6 jobs would run; nothing was run\n$/);
    const part = await exec(repository, 'build', '--step', 'Compile', '--dry-run');
    const plan = part.lines.find(({ kind }) => kind === 'plan');
    expect(plan.steps.map(({ runs }: { runs: boolean }) => runs)).to.deep.equal([true, false, true, false]);
    expect(part.lines.at(-1)).to.deep.equal({ kind: 'planned', jobs: 1 });
  });

  it('prints the summaries of steps', async () => {
    const repository = checkout(`on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{ name: Report, run: 'echo "# All well" >> "$GITHUB_STEP_SUMMARY"; echo "of 3" >> "$GITHUB_STEP_SUMMARY"' }]
`);
    const { stdout } = await volt(['exec'], { cwd: repository.path, env });
    expect(stdout).to.include('  Summary: Report\n    # All well\n    of 3\n');
  });

  it('runs again with --watch when a file changes that git does not ignore, and cancels the former run', async () => {
    const repository = checkout(
      'on: push\njobs: { one: { runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v4 }, { run: "cat a.txt; grep -q end a.txt || sleep 600" }] } }\n',
      { '.gitignore': 'ignored/\n' },
    );
    const watching = new VoltProcess(['exec', '--watch'], { cwd: repository.path, env });
    await watching.says(/text of a/);
    writeFileSync(join(repository.path, 'a.txt'), 'second text\n');
    await watching.says(/files changed: running again\n[\s\S]*second text/);
    writeFileSync(join(repository.path, 'a.txt'), 'the end\n');
    await watching.says(/the end[\s\S]*✔ passed\n$/);
    watching.signal('SIGINT');
    const { code, stdout } = await watching.ended();
    expect(stdout.match(/running again/g)).to.have.length(2);
    expect(code).to.equal(0);
  });
});
