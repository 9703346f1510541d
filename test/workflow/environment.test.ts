import { expect } from 'chai';
import type { WorkflowPlan } from '../../src/workflow/plan.ts';
import { PlannedBuild } from '../support/workflows.ts';

/** A job `deploy` of these lines, beside a called workflow. */
function planned(...lines: string[]): PlannedBuild {
  const own = ['runs-on: linux', ...lines, 'steps: [{ run: "echo ${{ secrets.KEY }}" }]'];
  return new PlannedBuild(`on: push\njobs:\n  deploy:\n${own.map((line) => `    ${line}\n`).join('')}`);
}

const planOf = (build: PlannedBuild, name = 'deploy') => build.plans[name]?.plan as WorkflowPlan;

describe('the environment of a job', () => {
  it('is a name, or a name with a url that the job evaluates at its end', () => {
    expect(planOf(planned('environment: production')).environment).to.deep.equal({
      ...{ name: 'production', secrets: ['KEY'] },
    });
    const url = planOf(planned("environment: { name: production, url: 'https://${{ steps.x.outputs.host }}' }"));
    expect(url.environment).to.deep.include({ name: 'production' });
    expect(url.environment?.url).to.deep.equal(['https://', { expression: 'steps.x.outputs.host' }]);
  });

  it('may come from an expression, alone or with its url', () => {
    expect(planOf(planned('environment: for-${{ github.ref_name }}')).environment?.name).to.equal('for-main');
    const whole = planOf(planned('environment: ${{ fromJSON(\'{"name":"a","url":"https://a.example"}\') }}'));
    expect(whole.environment).to.deep.include({ name: 'a', url: 'https://a.example' });
  });

  it('is none if its name is empty', () => {
    for (const line of ["environment: ''", "environment: { name: '${{ vars.NONE }}' }"])
      expect(planOf(planned(line)).environment, line).to.equal(undefined);
  });

  it('ends the job if it cannot be a name', () => {
    for (const line of [`environment: ${'x'.repeat(256)}`, 'environment: "a\\nb"'])
      expect(planned(line).decisions.deploy, line).to.match(
        /^error invalid_workflow: ci.yml:3:3: ".*" cannot be the name/,
      );
  });

  it('holds the job back, and refuses it', () => {
    const build = new PlannedBuild(
      'on: push\njobs:\n  a: { runs-on: x, environment: slow, steps: [{ run: x }] }\n  b: { needs: a, runs-on: x, steps: [{ run: x }] }\n',
      undefined,
      [],
      [],
      { slow: { kind: 'waits', reason: 'approval_required', message: 'waits for Ada' } },
    );
    expect(build.statuses).to.deep.equal({ a: 'waiting', b: 'waiting' });
    expect(build.held).to.deep.equal({ a: 'waits for Ada' });
    build.deployAnswers.set('slow', { kind: 'refused', status: 'cancelled', reason: 'declined', message: 'not now' });
    build.advance();
    expect(build.decisions.a).to.equal('cancelled declined: not now');
    expect(build.statuses).to.deep.equal({ a: 'cancelled', b: 'skipped' });
  });

  it('gives the job its variables in place of those of the repository', () => {
    const build = new PlannedBuild(
      'on: push\njobs: { a: { runs-on: x, environment: e, steps: [{ run: x }] }, b: { runs-on: x, steps: [{ run: x }] } }\n',
      undefined,
      [],
      [],
      { e: { kind: 'allowed', vars: { WORD: 'of e' } } },
    );
    expect(planOf(build, 'a').contexts.vars).to.deep.include({ WORD: 'of e' });
    expect(planOf(build, 'b').contexts.vars).to.not.have.property('WORD', 'of e');
  });

  it('of a called workflow names the secrets of the job itself, whatever the call passes on', () => {
    const inner =
      'on: { workflow_call: { secrets: { KEY: {} } } }\njobs: { in: { runs-on: x, environment: e, steps: [{ run: "${{ secrets.KEY }}" }] } }\n';
    const build = new PlannedBuild({
      '.github/workflows/ci.yml':
        'on: push\njobs: { a: { uses: ./.github/workflows/in.yml, secrets: { KEY: "${{ secrets.MINE }}" } } }\n',
      '.github/workflows/in.yml': inner,
    });
    const plan = planOf(build, 'a / in');
    expect(plan.environment?.secrets).to.deep.equal(['KEY']);
    expect(plan.secrets.names).to.deep.equal(['MINE']);
  });
});
