import { expect } from 'chai';
import type { Build, BuildId } from '../../src/kernel/model.ts';
import { findBuild } from '../../src/record/builds.ts';
import { findIntent, openTrigger } from '../../src/record/intents.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const ci = `name: CI
on:
  push: { paths: ['src/**', '.github/**'] }
  workflow_dispatch: { inputs: { level: { type: choice, options: [minor, major], required: true } } }
  repository_dispatch: { types: [deploy] }
jobs:
  list:
    runs-on: ubuntu-latest
    outputs: { all: "\${{ steps.make.outputs.all }}" }
    steps:
      - id: make
        run: echo 'all=["a","b"]' >> "$GITHUB_OUTPUT"
  test:
    needs: LIST
    runs-on: ubuntu-latest
    strategy: { matrix: { name: "\${{ fromJSON(needs.list.outputs.all) }}" } }
    steps:
      - uses: actions/checkout@v4
      - run: |
          cat <<'END'
          it's \${{ matrix.name }} of '\${{ github.event_name }}' '\${{ inputs.level }}\${{ github.event.client_payload.to }}'
          END
          test -f src/code
  called:
    needs: test
    uses: ./.github/workflows/called.yml
    with: { word: "\${{ needs.list.outputs.all || 'unknown' }}" }
  after:
    needs: called
    runs-on: ubuntu-latest
    steps: [{ run: 'test "\${{ needs.called.outputs.result }}" = "unknown!"' }]
  windows:
    runs-on: windows-latest
    steps: [{ run: exit 1 }]
`;
const called = `on:
  workflow_call:
    inputs: { word: { type: string } }
    outputs: { result: { value: "\${{ jobs.say.outputs.said }}" } }
jobs:
  say:
    runs-on: ubuntu-latest
    outputs: { said: "\${{ steps.one.outputs.said }}" }
    steps: [{ id: one, run: 'echo "said=\${{ inputs.word }}!" >> "$GITHUB_OUTPUT"' }]
`;

describe('the workflows of a repository', () => {
  let volt: TestVolt;
  let repository: TestRepository;

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 2 });
    const files = { '.github/workflows/ci.yml': ci, '.github/workflows/called.yml': called, 'src/code': '1' };
    repository = new TestRepository(files, { name: 'flows' });
    await volt.observe(repository.path);
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  const outcome = ({ status, reason, jobs }: Build) => ({
    ...{ status, reason },
    jobs: Object.fromEntries(jobs.map((job) => [job.name, job.status])),
  });

  const all = {
    list: 'success',
    'test (a)': 'success',
    'test (b)': 'success',
    'called / say': 'success',
    after: 'success',
    windows: 'skipped',
  };

  /** Waits until the build of a request is final. has made. */
  async function asked(event: object): Promise<Build> {
    const { database, queues, config } = volt.context;
    const id = await openTrigger(database, 'flows', null, event);
    await queues.sendObserve(config.host, { v: 1, repo: 'flows', cause: 'person' });
    const build = await until('the request has made a build', async () => (await findIntent(database, id))?.madeBuild);
    return until('the build is over', async () => {
      const found = await findBuild(database, build as BuildId);
      return found?.finishedAt && found;
    });
  }

  it('run for a commit with needs, a matrix from outputs, a called workflow and a job that no runner can run', async () => {
    const build = await volt.build(repository.head());
    expect(outcome(build)).to.deep.equal({ status: 'success', reason: null, jobs: all });
    expect(build.jobs.map(({ workflow }) => workflow)).to.include('CI');
    expect(build.jobs.find(({ name }) => name === 'windows')).to.include({ reason: 'no_runner' });
    expect(build.jobs.find(({ name }) => name === 'after')?.needs).to.deep.equal(['called / say']);
  });

  it('do not run for a commit that changes none of their paths, with a reason', async () => {
    const build = await volt.build(repository.commit('words', { README: 'words' }));
    expect(build).to.include({ status: 'skipped', reason: 'not_triggered' });
  });

  it('run when a person dispatches one with inputs', async () => {
    const build = await asked({ name: 'workflow_dispatch', workflow: 'ci.yml', inputs: { level: 'major' } });
    expect(outcome(build)).to.deep.include({ status: 'success', jobs: all });
    expect(build.trigger).to.equal('manual');
  });

  it('run for a repository_dispatch', async () => {
    const build = await asked({ name: 'repository_dispatch', type: 'deploy', payload: { to: 'somewhere' } });
    expect(outcome(build)).to.deep.include({ status: 'success', jobs: all });
  });

  it('are reported with line numbers if they are invalid, and the other workflows run', async () => {
    const sha = repository.commit('broken', {
      '.github/workflows/bad.yml': 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    step: []\n',
    });
    const build = await volt.build(sha);
    expect(build).to.include({ status: 'error', reason: 'invalid_workflow' });
    expect(build.message).to.equal('.github/workflows/bad.yml:5:5: "step" is not allowed here; did you mean "steps"?');
    expect(outcome(build).jobs).to.deep.equal({ ...all, '.github/workflows/bad.yml': 'error' });
  });
});
