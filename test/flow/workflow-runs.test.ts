import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Build } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { openRetry, openTriggers } from '../../src/record/intents.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** A workflow that runs after others. */
const waitingFor = (name: string, workflows: string, more = 'types: [completed]') => `name: ${name}
on: { workflow_run: { workflows: [${workflows}], ${more} } }
jobs:
  show:
    runs-on: ubuntu-latest
    steps:
      - env: { RUN: "\${{ toJSON(github.event.workflow_run) }}" }
        run: |
          echo "$GITHUB_EVENT_NAME \${{ github.event.action }} of \${{ github.event.workflow.name }} at $GITHUB_REF $GITHUB_SHA"
          echo "run=$GITHUB_RUN_NUMBER.$GITHUB_RUN_ATTEMPT"
          printf '%s\\n' "$RUN"
`;
const ci = `name: CI
on: push
jobs:
  test: { runs-on: ubuntu-latest, steps: [{ run: 'echo "run=$GITHUB_RUN_NUMBER.$GITHUB_RUN_ATTEMPT"; test ! -e fail' }] }
  test2: { runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v4 }, { run: test ! -e fail }] }
`;
const files = {
  '.github/workflows/ci.yml': ci,
  '.github/workflows/other.yml':
    'name: Other\non: push\njobs: { o: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }\n',
  '.github/workflows/a.yml': waitingFor('A', 'CI', 'types: [completed], branches: [main]'),
  '.github/workflows/b.yml': waitingFor('B', 'A'),
  '.github/workflows/c.yml': waitingFor('C', 'B'),
  '.github/workflows/d.yml': waitingFor('D', 'C'),
};

describe('a workflow that waits for the runs of another', function () {
  this.timeout(120_000);
  let volt: TestVolt;
  let repository: TestRepository;

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 2 });
    repository = new TestRepository(files, { name: 'runs' });
    await volt.observe(repository.path, { branches: ['main', 'topic'] });
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  const builds = async () => (await listBuilds(volt.context.database, { repo: 'runs', limit: 50 })).reverse();
  const isQuiet = async () => {
    const open = (await openTriggers(volt.context.database, 'runs')).length;
    return open === 0 && (await builds()).every(({ finishedAt }) => finishedAt !== null);
  };

  /** The builds that follow from the build of a commit, oldest first, with their logs. */
  async function follow(sha: string): Promise<{ build: Build; log: string }[]> {
    await volt.build(sha);
    await until('nothing is left to do', isQuiet);
    const found = (await builds()).filter((each) => each.trigger === 'event' && each.sha === sha);
    return Promise.all(
      found.map(async ({ id }) => {
        const build = (await findBuild(volt.context.database, id)) as Build;
        return { build, log: logOf(build) };
      }),
    );
  }

  const logOf = ({ id, jobs }: Build, attempt = 1) =>
    readFileSync(join(volt.dataDir, 'logs', id, `${jobs[0]?.id}.${attempt}.log`), 'utf8').replaceAll('\r', '');

  it('runs on the default branch with what it waited for, and in chains of at most three', async () => {
    const sha = repository.head();
    const runs = await follow(sha);
    expect(runs.map(({ build }) => build.jobs[0]?.workflow)).to.deep.equal(['A', 'B', 'C']);
    for (const { build } of runs) expect(build).to.include({ status: 'success', ref: 'refs/heads/main', sha });
    const [{ log } = { log: '' }] = runs;
    expect(log).to.include(`workflow_run completed of CI at refs/heads/main ${sha}`);
    const [ofCi] = await builds();
    for (const line of [
      ...['"name": "CI"', '"path": ".github/workflows/ci.yml"', '"event": "push"', '"conclusion": "success"'],
      ...[`"head_sha": "${sha}"`, '"head_branch": "main"', '"run_number": 1', `"id": ${ofCi?.id}000`],
    ])
      expect(log).to.include(line);
  });

  it('gets the conclusion of a run that has failed, though others of its build have not', async () => {
    const runs = await follow(repository.commit('broken', { fail: '' }));
    expect(runs[0]?.log).to.include('"conclusion": "failure"').and.include('"run_number": 2');
    expect(runs[0]?.log, 'its own number').to.include('run=2.1');
    expect(runs).to.have.length(3);
  });

  it('does not run for branches that its filter excludes', async () => {
    repository.git('branch', 'topic', 'main~1');
    await until('the branch is built', async () =>
      (await builds()).find(({ ref, finishedAt }) => ref === 'refs/heads/topic' && finishedAt !== null),
    );
    await until('nothing is left to do', isQuiet);
    expect((await builds()).at(-1)).to.include({ ref: 'refs/heads/topic' });
  });

  it('runs again after a retry, with the number of the same run and that of its attempt', async () => {
    const { database, queues } = volt.context;
    const [first] = await builds();
    if (!first) throw new Error('there is no build');
    const before = (await builds()).length;
    await openRetry(database, 'runs', first.id, { job: null, failedOnly: false });
    await queues.sendAdvance({ v: 1, build: first.id });
    await until('the runs that follow', async () => (await builds()).length === before + 3 && (await isQuiet()));
    const again = (await findBuild(database, first.id)) as Build;
    expect(logOf(again, 2)).to.include('run=1.2');
    const made = (await findBuild(database, (await builds())[before]?.id ?? first.id)) as Build;
    expect(logOf(made)).to.include('"run_attempt": 2').and.include('"run_number": 1,');
  });
});
