import { expect } from 'chai';
import { callSecrets } from '../../src/workflow/call-secrets.ts';
import { TooManyJobs } from '../../src/workflow/progress.ts';
import { factsOf, PlannedBuild } from '../support/workflows.ts';

/** A workflow of jobs, each given by its lines; `runs-on` and a step are added where they are missing. */
function workflow(jobs: { [id: string]: string[] }, head = 'on: push'): string {
  const bodies = Object.entries(jobs).map(([id, lines]) => {
    const isCall = lines.some((line) => line.startsWith('uses:'));
    const all = [
      ...(isCall || lines.some((line) => line.startsWith('runs-on:')) ? [] : ['runs-on: ubuntu-latest']),
      ...lines,
      ...(isCall || lines.some((line) => line.startsWith('steps:')) ? [] : ['steps: [{ run: make }]']),
    ];
    return `  ${id}:\n${all.map((line) => `    ${line}\n`).join('')}`;
  });
  return `${head}\njobs:\n${bodies.join('')}`;
}

describe('the planner', () => {
  describe('with needs', () => {
    it('queues jobs without needs, then others as their needs succeed, with ids in any case', () => {
      const build = new PlannedBuild(workflow({ Build: [], test: ['needs: build'], ship: ['needs: [test, BUILD]'] }));
      expect(build.statuses).to.deep.equal({ Build: 'queued', test: 'waiting', ship: 'waiting' });
      expect(build.end('Build').statuses).to.include({ test: 'queued', ship: 'waiting' });
      expect(build.end('test').statuses).to.include({ ship: 'queued' });
      expect(build.plans.ship?.needs).to.deep.equal(['test', 'Build']);
    });

    it('skips jobs that need a job without success, directly or indirectly', () => {
      const build = new PlannedBuild(workflow({ a: [], b: ['needs: a'], c: ['needs: b'] }));
      build.end('a', 'failure');
      expect(build.statuses).to.deep.equal({ a: 'failure', b: 'skipped', c: 'skipped' });
      expect(build.decisions.b).to.equal('skipped needs_failed: a did not succeed');
    });

    it('gives results and outputs of needed jobs under their ids', () => {
      const build = new PlannedBuild(
        workflow({
          Build: ['outputs: { version: x }'],
          test: ['needs: build', 'name: test ${{ needs.build.outputs.Version }}'],
        }),
      );
      build.end('Build', 'success', { version: '1.2' });
      const plan = build.plans['test 1.2']?.plan;
      expect(plan?.contexts.needs).to.deep.equal({ Build: { result: 'success', outputs: { version: '1.2' } } });
    });
  });

  it('gives a dispatched workflow typed inputs, and all inputs as text in the event', () => {
    const text = workflow(
      { a: [] },
      `on: { workflow_dispatch: { inputs: { level: { default: minor }, count: { type: number, default: 3 },
        dry: { type: boolean }, note: { type: string }, Who: { type: string } } } }`,
    );
    const build = new PlannedBuild(
      text,
      factsOf({ name: 'workflow_dispatch', workflow: 'ci.yml', inputs: { who: 'me' } }),
    );
    const { inputs, github } = build.plans.a?.plan.contexts ?? {};
    expect(inputs).to.deep.equal({ level: 'minor', count: 3, dry: false, note: '', Who: 'me' });
    const texts = { level: 'minor', count: '3', dry: 'false', note: '', Who: 'me' };
    expect(github?.event).to.deep.include({ inputs: texts });
  });

  it('gives each workflow of a build one run id for all of its jobs', () => {
    const files = { 'b.yml': workflow({ b: [], c: ['needs: b'] }), 'a.yml': workflow({ a: [] }) };
    const of = (first: 'a.yml' | 'b.yml') => {
      const other = first === 'a.yml' ? 'b.yml' : 'a.yml';
      return new PlannedBuild({ [first]: files[first], [other]: files[other] });
    };
    const runs = (build: PlannedBuild) => Object.values(build.plans).map(({ plan }) => plan.contexts.github.run_id);
    expect(runs(of('a.yml'))).to.deep.equal(['7000']);
    expect(runs(of('b.yml').end('b'))).to.deep.equal(['7001', '7001']);
  });

  describe('with conditions', () => {
    const after = (condition: string, status: 'success' | 'failure' | 'cancelled' | 'skipped') =>
      new PlannedBuild(workflow({ a: [], b: ['needs: a', `if: ${condition}`] })).end('a', status).statuses.b;

    const table: [condition: string, runsAfter: string[]][] = [
      ['success()', ['success']],
      ['always()', ['success', 'failure', 'cancelled', 'skipped']],
      ['failure()', ['failure']],
      ['cancelled()', ['cancelled']],
      ["'!cancelled()'", ['success', 'failure', 'skipped']],
      ["needs.a.result == 'skipped'", []],
      ["always() && needs.a.result == 'skipped'", ['skipped']],
      ["github.ref == 'refs/heads/main'", ['success']],
      ["github.ref == 'refs/heads/other'", []],
      ['>-\n      ${{ false }}', []],
      ['|\n      ${{ false }}', ['success']],
      ['|\n      ${{ always() }}', ['success', 'failure', 'cancelled', 'skipped']],
    ];
    for (const [condition, runsAfter] of table) {
      it(`evaluates ${condition} to true only after ${runsAfter.join(', ') || 'nothing'}`, () => {
        const all = ['success', 'failure', 'cancelled', 'skipped'] as const;
        expect(all.filter((status) => after(condition, status) === 'queued')).to.deep.equal(runsAfter);
      });
    }

    it('uses all direct and indirect needs of a job in a condition, as on GitHub', () => {
      const build = new PlannedBuild(
        workflow({ a: [], b: ['needs: a', 'if: always()'], c: ['needs: b'], d: ['needs: b', 'if: failure()'] }),
      );
      build.end('a', 'failure').end('b');
      expect(build.statuses).to.deep.equal({ a: 'failure', b: 'success', c: 'skipped', d: 'queued' });
    });

    it('names the false condition of a skipped job', () => {
      const build = new PlannedBuild(workflow({ a: ["if: github.event_name == 'schedule'"] }));
      expect(build.decisions.a).to.equal("skipped condition: its condition is false: github.event_name == 'schedule'");
    });
  });

  describe('with a matrix', () => {
    it('creates a job for each combination, with its name, contexts and strategy', () => {
      const build = new PlannedBuild(
        workflow({
          test: [
            'strategy: { matrix: { node: [18, 20], include: [{ node: 20, extra: 1 }] } }',
            "runs-on: ${{ matrix.node == 18 && 'ubuntu-22.04' || 'big' }}",
            'timeout-minutes: ${{ matrix.node }}',
          ],
        }),
      );
      expect(build.names).to.deep.equal(['test (18)', 'test (20)']);
      expect(build.plans['test (18)']).to.deep.include({ labels: ['linux'], timeoutMinutes: 18 });
      expect(build.plans['test (20)']).to.deep.include({ labels: ['big'], timeoutMinutes: 20 });
      expect(build.plans['test (20)']?.plan.contexts).to.deep.include({
        matrix: { node: 20, extra: 1 },
        strategy: { 'fail-fast': true, 'job-index': 1, 'job-total': 2, 'max-parallel': 2 },
      });
    });

    it('takes a matrix from the outputs of another job, also in a block of text', () => {
      const build = new PlannedBuild(
        workflow({
          list: ['outputs: { all: x }'],
          test: ['needs: list', 'strategy:', '  matrix: |-', '    ${{ fromJSON(needs.list.outputs.all) }}'],
          splice: [
            'needs: list',
            "strategy: { matrix: { os: [mac-ish, '${{ fromJSON(needs.list.outputs.all).os }}'] } }",
          ],
        }),
      );
      expect(build.names).to.deep.equal(['list', 'test', 'splice']);
      build.end('list', 'success', { all: '{"os":["a","b"]}' });
      expect(build.names.sort()).to.deep.equal([
        'list',
        'splice (a)',
        'splice (b)',
        'splice (mac-ish)',
        'test (a)',
        'test (b)',
      ]);
    });

    it('lets other jobs need the whole matrix, and merges the outputs of its jobs', () => {
      const build = new PlannedBuild(
        workflow({ test: ['strategy: { matrix: { n: [1, 2] } }', 'outputs: { o: x }'], next: ['needs: test'] }),
      );
      expect(build.end('test (1)', 'success', { o: 'one', p: 'kept' }).statuses.next).to.equal('waiting');
      build.end('test (2)', 'success', { o: 'two', p: '' });
      expect(build.plans.next?.plan.contexts.needs.test).to.deep.equal({
        result: 'success',
        outputs: { o: 'two', p: 'kept' },
      });
      expect(build.plans.next?.needs).to.deep.equal(['test (1)', 'test (2)']);
    });

    it('cancels the other jobs of a matrix if one fails, unless fail-fast is false', () => {
      const free = new PlannedBuild(workflow({ t: ['strategy: { matrix: { n: [1, 2, 3] }, max-parallel: 0 }'] }));
      expect(Object.values(free.statuses)).to.deep.equal(['queued', 'queued', 'queued']);
      const matrix = (rest = '') => workflow({ t: [`strategy: { matrix: { n: [1, 2, 3] }, max-parallel: 2${rest} }`] });
      const fast = new PlannedBuild(matrix()).end('t (1)', 'failure');
      expect(fast.told).to.include('t (2)');
      expect(fast.decisions['t (3)']).to.equal(
        'cancelled fail_fast: t (1) failed, and fail-fast cancels the rest of the matrix',
      );
      const slow = new PlannedBuild(matrix(', fail-fast: false')).end('t (1)', 'failure');
      expect([slow.told, slow.statuses['t (3)']]).to.deep.equal([[], 'queued']);
    });

    it('continues a matrix after a failure with continue-on-error, which counts as success for others', () => {
      const build = new PlannedBuild(
        workflow({
          t: ['strategy: { matrix: { n: [1, 2] } }', 'continue-on-error: ${{ matrix.n == 1 }}'],
          next: ['needs: t'],
        }),
      );
      build.end('t (1)', 'failure').end('t (2)');
      expect(build.told).to.deep.equal([]);
      expect(build.statuses.next).to.equal('queued');
    });

    it('runs at most max-parallel jobs of a matrix at once', () => {
      const build = new PlannedBuild(workflow({ t: ['strategy: { matrix: { n: [1, 2, 3] }, max-parallel: 1 }'] }));
      expect(build.statuses).to.deep.equal({ 't (1)': 'queued', 't (2)': 'waiting', 't (3)': 'waiting' });
      expect(build.held['t (2)']).to.equal('max-parallel: at most 1 job of its matrix can run at the same time');
      expect(build.end('t (1)').statuses).to.include({ 't (2)': 'queued', 't (3)': 'waiting' });
    });

    it('ends a job with an invalid matrix as error with line and column, and runs the other jobs', () => {
      const build = new PlannedBuild(
        workflow({ t: ['strategy: { matrix: { n: "${{ fromJSON(\'[]\') }}" } }'], u: [] }),
      );
      expect(build.decisions.t).to.equal('error invalid_workflow: ci.yml:3:3: the matrix key "n" has no values');
      expect(build.statuses.u).to.equal('queued');
    });
  });

  describe('with names', () => {
    it('names jobs as GitHub does', () => {
      const build = new PlannedBuild(
        workflow({
          a: ['name: Build'],
          b: ['name: Test', 'strategy: { matrix: { n: [1], os: [x] } }'],
          c: ['name: "on ${{ matrix.os }}"', 'strategy: { matrix: { os: [y] } }'],
          d: ['name: "${{ github.ref_name }} ${{ vars.WORD }}"'],
        }),
        factsOf(undefined, { vars: { WORD: 'hi' } }),
      );
      expect(build.names).to.deep.equal(['Build', 'Test (1, x)', 'on y', 'main hi']);
    });
  });

  describe('with labels of runners', () => {
    it("maps GitHub's labels, drops self-hosted, and keeps other labels", () => {
      const labels = (runsOn: string) => new PlannedBuild(workflow({ a: [`runs-on: ${runsOn}`] })).plans.a?.labels;
      expect(labels('ubuntu-24.04')).to.deep.equal(['linux']);
      expect(labels('[self-hosted, GPU, linux]')).to.deep.equal(['gpu', 'linux']);
      expect(labels('{ labels: [x64] }')).to.deep.equal(['x64']);
      expect(labels('${{ fromJSON(\'["a","b"]\') }}')).to.deep.equal(['a', 'b']);
    });

    it("sends jobs for GitHub's arm machines only to runners of that architecture", () => {
      const build = new PlannedBuild(workflow({ a: ['runs-on: ubuntu-24.04-arm'], b: ['runs-on: ubuntu-24.04'] }));
      expect(build.plans.a?.labels).to.have.members(['linux', 'arm64']);
      expect(build.plans.b?.labels).to.deep.equal(['linux']);
    });

    it('skips a job for a GitHub machine that no runner replaces, with a reason', () => {
      const text = workflow({
        t: ['strategy: { matrix: { os: [ubuntu-latest, windows-latest] } }', 'runs-on: ${{ matrix.os }}'],
      });
      const build = new PlannedBuild(text);
      expect(build.statuses).to.deep.equal({ 't (ubuntu-latest)': 'queued', 't (windows-latest)': 'skipped' });
      expect(build.decisions['t (windows-latest)']).to.match(/^skipped no_runner: no runner provides "windows-latest"/);
    });

    it('refuses an invalid label', () => {
      const build = new PlannedBuild(
        workflow({ a: ["runs-on: ${{ github.ref && 'two words' }}"], b: ['runs-on: ${{ matrix.none }}'] }),
      );
      expect(build.decisions.a).to.match(/^error invalid_workflow: ci.yml:3:3: "two words" is not a valid label/);
      expect(build.decisions.b).to.match(/is empty/);
    });
  });

  describe('with unsupported keys', () => {
    it('ends the job as error with the name of the key, and runs the other jobs', () => {
      const build = new PlannedBuild(workflow({ a: ['snapshot: { image-name: mine }'], b: [], c: ['needs: a'] }));
      expect(build.decisions.a).to.match(/^error unsupported: ci.yml:5:15: `snapshot` is not supported yet/);
      expect(build.statuses).to.include({ b: 'queued', c: 'skipped' });
    });

    it('refuses only jobs that would run, not skipped ones', () => {
      const deploy = ['needs: a', 'snapshot: mine'];
      const build = new PlannedBuild(
        workflow({
          a: [],
          b: [...deploy, "if: github.ref == 'refs/heads/other'"],
          c: deploy,
          d: ['needs: b', "if: '!cancelled()'"],
        }),
      );
      build.end('a', 'failure');
      expect(build.statuses).to.deep.equal({ a: 'failure', b: 'skipped', c: 'skipped', d: 'queued' });
    });

    it('refuses a key of one job or of the whole workflow', () => {
      const key = "'${{ vars.KEY }}': x";
      const one = new PlannedBuild(workflow({ a: [`concurrency: { ${key} }`], b: [] }));
      expect(one.decisions.a).to.match(/^error unsupported: ci.yml:5:20: an expression as a key/);
      expect(one.statuses.b).to.equal('queued');
      const all = new PlannedBuild(workflow({ a: [], b: [] }, `on: push\nconcurrency: { ${key} }`));
      expect(Object.keys(all.decisions)).to.deep.equal(['a', 'b']);
    });
  });

  describe('with concurrency', () => {
    it('holds a workflow or a job back while its group is taken', () => {
      const text = workflow(
        { a: [], b: ['concurrency: job-${{ github.ref_name }}'] },
        'on: push\nconcurrency: ci-${{ github.ref }}',
      );
      const workflowHeld = new PlannedBuild(text, factsOf(), ['ci-refs/heads/main']);
      expect(workflowHeld.statuses).to.deep.equal({ a: 'waiting', b: 'waiting' });
      expect(workflowHeld.held).to.deep.equal({ a: 'waits for ci-refs/heads/main', b: 'waits for ci-refs/heads/main' });
      const jobHeld = new PlannedBuild(text, factsOf(), ['job-main']);
      expect(jobHeld.statuses).to.deep.equal({ a: 'queued', b: 'waiting' });
      jobHeld.taken.clear();
      expect(jobHeld.advance().statuses.b).to.equal('queued');
      const object = 'fromJSON(\'{"group":"whole","cancel-in-progress":true}\')';
      const whole = new PlannedBuild(workflow({ a: [`concurrency: \${{ ${object} }}`] }), factsOf(), ['whole']);
      expect(whole.held).to.deep.equal({ a: 'waits for whole' });
      const free = new PlannedBuild(text);
      expect(free.statuses).to.deep.equal({ a: 'queued', b: 'queued' });
    });
  });

  describe('with called workflows', () => {
    const called = workflow(
      { inner: ['outputs: { o: x }', 'env: { T: "${{ secrets.token }}" }'], last: ['needs: inner', 'if: inputs.deep'] },
      `on:
  workflow_call:
    inputs:
      name: { type: string, required: true }
      deep: { type: boolean, default: true }
      count: { type: number }
    secrets: { token: { required: true } }
    outputs:
      result: { value: "\${{ jobs.inner.outputs.o }} for \${{ inputs.name }}" }`,
    );
    const caller = (...lines: string[]) =>
      workflow({
        first: [],
        call: ['needs: first', 'uses: ./.github/workflows/called.yml', ...lines],
        next: ['needs: call'],
      });
    const files = (...lines: string[]) => ({
      'ci.yml': caller(...lines),
      '.github/workflows/called.yml': called,
    });

    it('replaces the call by the called jobs, with inputs, secrets and outputs', () => {
      const build = new PlannedBuild(
        files('with: { name: "${{ needs.first.outputs.n }}", count: 3 }', 'secrets: { token: "${{ secrets.REAL }}" }'),
      );
      expect(build.names).to.deep.equal(['first', 'call', 'next']);
      build.end('first', 'success', { n: 'me' });
      expect(build.names).to.have.members(['first', 'call / inner', 'call / last', 'next']);
      const plan = build.plans['call / inner']?.plan;
      expect(plan?.contexts.inputs).to.deep.equal({ name: 'me', deep: true, count: 3 });
      expect(plan?.secrets).to.deep.equal({
        names: ['REAL'],
        through: [{ names: { token: [{ expression: 'secrets.REAL' }] }, contexts: {} }],
      });
      expect(plan?.workflow.path).to.equal('ci.yml');
      build.end('call / inner', 'success', { o: 'made' });
      expect(build.statuses.next).to.equal('waiting');
      build.end('call / last');
      expect(build.plans.next?.plan.contexts.needs.call).to.deep.equal({
        result: 'success',
        outputs: { result: 'made for me' },
      });
    });

    it('makes the first called jobs wait for the needs of the call', () => {
      const build = new PlannedBuild(files('with: { name: x }', 'secrets: inherit'));
      build.end('first').end('call / inner');
      expect(build.plans['call / inner']?.needs).to.deep.equal(['first']);
      expect(build.plans['call / last']?.needs).to.deep.equal(['call / inner']);
    });

    it('evaluates the secrets of a call in the context of the caller', () => {
      const inner = workflow(
        { use: ["env: { A: '${{ secrets.tok }}${{ secrets.tok2 }}${{ secrets.plain }}' }"] },
        'on: { workflow_call: { inputs: { sel: { type: string } }, secrets: { tok: {}, tok2: {}, plain: {} } } }',
      );
      const build = new PlannedBuild({
        'ci.yml': workflow({
          pre: [],
          call: [
            'needs: pre',
            'strategy: { matrix: { env: [prod] } }',
            'uses: ./.github/workflows/inner.yml',
            'with: { sel: no }',
            'secrets:',
            "  tok: ${{ secrets[format('SEC_{0}', matrix.env)] }}",
            '  tok2: ${{ secrets[needs.pre.outputs.which] }}',
            "  plain: ${{ matrix.env }} ${{ inputs.sel && 'x' || 'no' }}",
          ],
        }),
        '.github/workflows/inner.yml': inner,
      });
      build.end('pre', 'success', { which: 'OTHER' });
      const secrets = build.plans['call (prod) / use']?.plan.secrets;
      if (!secrets) throw new Error(`no plan among ${build.names.join(', ')}`);
      expect(secrets.names).to.equal('*');
      const given = callSecrets(secrets.through, { SEC_PROD: 'of prod', OTHER: 'the other' }, { github: {}, vars: {} });
      expect(given).to.deep.equal({ tok: 'of prod', tok2: 'the other', plain: 'prod no' });
    });

    it('fails the call if one called job fails', () => {
      const build = new PlannedBuild(files('with: { name: x }', 'secrets: inherit'));
      build.end('first').end('call / inner', 'failure');
      expect(build.statuses).to.include({ 'call / last': 'skipped', next: 'skipped' });
    });

    it('expands calls by a matrix and nested calls', () => {
      const middle = workflow(
        { call: ['uses: ./.github/workflows/called.yml', 'with: { name: "${{ inputs.who }}" }', 'secrets: inherit'] },
        'on: { workflow_call: { inputs: { who: { type: string } }, outputs: { up: { value: "${{ jobs.call.outputs.result }}" } } } }',
      );
      const build = new PlannedBuild({
        'ci.yml': workflow({
          all: [
            'strategy: { matrix: { who: [a, b] } }',
            'uses: ./.github/workflows/middle.yml',
            'with: { who: "${{ matrix.who }}" }',
          ],
          end: ['needs: all'],
        }),
        '.github/workflows/middle.yml': middle,
        '.github/workflows/called.yml': called,
      });
      expect(build.names).to.have.members([
        ...['a', 'b'].flatMap((who) => [`all (${who}) / call / inner`, `all (${who}) / call / last`]),
        'end',
      ]);
      for (const who of ['a', 'b']) {
        build.end(`all (${who}) / call / inner`, 'success', { o: who }).end(`all (${who}) / call / last`);
      }
      expect(build.plans.end?.plan.contexts.needs.all).to.deep.equal({ result: 'success', outputs: { up: 'b for b' } });
    });

    it('refuses more than a thousand jobs of a build before it creates them', () => {
      const numbers = `[${Array.from({ length: 256 }, (_, index) => index).join()}]`;
      const caller = (file: string, on = 'on: workflow_call') =>
        workflow({ all: [`strategy: { matrix: { n: ${numbers} } }`, `uses: ./.github/workflows/${file}`] }, on);
      const files = {
        'ci.yml': caller('b.yml', 'on: push'),
        '.github/workflows/b.yml': caller('c.yml'),
        '.github/workflows/c.yml': workflow({ all: [`strategy: { matrix: { n: ${numbers} } }`] }, 'on: workflow_call'),
      };
      expect(() => new PlannedBuild(files)).to.throw(TooManyJobs, /more than 1000 jobs/);
    });

    it('applies max-parallel and fail-fast of a calling matrix to the called jobs', () => {
      const callers = (rest: string) => ({
        'ci.yml': workflow({
          all: [`strategy: { matrix: { n: [1, 2, 3] }, ${rest} }`, 'uses: ./.github/workflows/two.yml'],
        }),
        '.github/workflows/two.yml': workflow({ a: [], b: ['needs: a'] }, 'on: workflow_call'),
      });
      const one = new PlannedBuild(callers('max-parallel: 1'));
      expect(one.statuses).to.include({ 'all (1) / a': 'queued', 'all (2) / a': 'waiting', 'all (3) / a': 'waiting' });
      expect(one.held['all (2) / a']).to.equal('max-parallel: at most 1 job of its matrix can run at the same time');
      one.end('all (1) / a');
      expect(one.statuses).to.include({ 'all (1) / b': 'queued', 'all (2) / a': 'waiting' });
      one.end('all (1) / b');
      expect(one.statuses).to.include({ 'all (2) / a': 'queued', 'all (3) / a': 'waiting' });

      const fast = new PlannedBuild(callers('max-parallel: 2')).end('all (1) / a').end('all (1) / b', 'failure');
      expect(fast.told).to.include('all (2) / a');
      expect(fast.decisions['all (2) / b']).to.match(/^cancelled fail_fast: all \(1\) \/ b failed/);
      expect(fast.decisions['all (3) / a']).to.match(/^cancelled fail_fast/);
      const slow = new PlannedBuild(callers('fail-fast: false')).end('all (1) / a', 'failure');
      expect(slow.told).to.deep.equal([]);
      expect(slow.decisions).to.have.all.keys('all (1) / b');
    });

    it('refuses an input of the wrong type at the line of the call', () => {
      const build = new PlannedBuild(files('with: { name: x, count: "${{ github.ref }}" }', 'secrets: inherit'));
      build.end('first');
      expect(build.decisions.call).to.match(/^error invalid_workflow: ci.yml:6:3: the input "count" must be a number/);
    });
  });

  it('names the secrets that a job may use, and all secrets if an expression chooses the name', () => {
    const secrets = (line: string) => new PlannedBuild(workflow({ a: [line] })).plans.a?.plan.secrets.names;
    expect(
      secrets('env: { A: "${{ secrets.One }}", B: "${{ secrets[\'two\'] }} and ${{ github.secrets }}" }'),
    ).to.deep.equal(['ONE', 'TWO']);
    expect(secrets('env: { A: "${{ toJSON(secrets) }}" }')).to.equal('*');
    expect(secrets('env: { A: "${{ secrets[github.ref] }}" }')).to.equal('*');
    expect(secrets('env: { A: "plain secrets.X" }')).to.deep.equal([]);
  });
});
