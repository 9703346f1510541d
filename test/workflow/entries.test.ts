import { expect } from 'chai';
import { evaluateEntries } from '../../src/workflow/evaluate-entries.ts';
import type { StepsJob } from '../../src/workflow/workflow.ts';
import { factsOf, PlannedBuild, workflowsOf } from '../support/workflows.ts';

const ALL = JSON.stringify({ A: 'one', B: 2, C: true, D: null });
const scope = { contexts: { vars: { ALL, NAME: 'x', LIST: '[1]', DEEP: '{"a":{}}' } } };

/** The job of a workflow that has these lines. */
function jobOf(lines: string[], head: string[] = []): StepsJob {
  const body = lines.map((line) => `    ${line}\n`).join('');
  const text = `on: push\n${head.join('\n')}\njobs:\n  a:\n    runs-on: x\n${body}`;
  return workflowsOf({ 'ci.yml': text })[0]?.jobs[0] as StepsJob;
}

const run = 'steps: [{ run: x }]';

describe('mapping entries from expressions', () => {
  const env = (lines: string[]) =>
    evaluateEntries(jobOf(['env:', ...lines.map((line) => `  ${line}`), run]).env, scope);

  it('replace a whole mapping', () => {
    const { env } = jobOf(['env: ${{ fromJSON(vars.ALL) }}', run]);
    expect(evaluateEntries(env, scope)).to.deep.equal({ A: 'one', B: '2', C: 'true', D: '' });
  });

  it('are inserted at their position among other entries, and may have expressions as keys', () => {
    expect(
      env(['Z: 0', '${{ insert }}: ${{ fromJSON(vars.ALL) }}', 'my-${{ vars.NAME }}: y ${{ vars.NAME }}']),
    ).to.deep.equal({
      ...{ Z: '0', A: 'one', B: '2', C: 'true', D: '' },
      'my-x': 'y x',
    });
  });

  it('may insert another mapping of the file', () => {
    const { env } = jobOf(['env:', '  Z: 0', '  ${{ insert }}: *common', run], ['env: &common', '  A: a', '  B: b']);
    expect(env).to.deep.equal({ Z: '0', A: 'a', B: 'b' });
  });

  it('work in `env` and `with` of steps', () => {
    const [step] = jobOf([
      'steps:',
      '  - uses: a/b@c',
      '    env: ${{ fromJSON(vars.ALL) }}',
      '    with: { "${{ vars.NAME }}": y }',
    ]).steps;
    expect(evaluateEntries(step?.env ?? {}, scope)).to.include({ A: 'one' });
    expect(evaluateEntries(step?.with ?? {}, scope)).to.deep.equal({ x: 'y' });
  });

  it('count for the names of secrets that a job uses', () => {
    const build = new PlannedBuild(
      `on: push\njobs:\n  a:\n    runs-on: linux\n    env: { '\${{ insert }}': '\${{ fromJSON(secrets.ALL) }}' }\n    ${run}\n`,
    );
    expect(build.plans.a?.plan.secrets.names).to.deep.equal(['ALL']);
  });

  const wrong: [lines: string[], why: RegExp][] = [
    [['a: 1', '${{ insert }}: ${{ fromJSON(vars.ALL) }}'], /the key "A" is used twice/],
    [['${{ vars.NAME }}: 1', '${{ vars.NAME }}: 2'], /the key "x" is used twice/],
    [['${{ insert }}: ${{ fromJSON(vars.LIST) }}'], /it must be an object/],
    [['${{ insert }}: ${{ vars.NAME }}'], /it must be an object/],
    [['${{ insert }}: ${{ fromJSON(vars.DEEP) }}'], /the value of "a" must be a string/],
  ];
  for (const [lines, why] of wrong) {
    it(`are refused with a reason, such as ${lines.join(', ')}`, () => {
      expect(() => env(lines)).to.throw(why);
    });
  }

  it('have a size limit for nested insertions', () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const insert = level === 0 ? 'X: x' : `"\${{ insert }}": *m${level - 1}`;
      return `  - &m${level} { ${Array.from({ length: 10 }, (_, at) => (level === 0 ? `k${at}: x` : insert)).join(', ')} }`;
    });
    expect(() => workflowsOf({ 'ci.yml': `on: push\nenv:\n${levels.join('\n')}\njobs: {}\n` })).to.throw(
      /has more than 50000 values/,
    );
  });

  describe('in a strategy', () => {
    const names = (lines: string[], vars = {}) =>
      new PlannedBuild(
        `on: push\njobs:\n  a:\n    runs-on: linux\n${lines.map((line) => `    ${line}\n`).join('')}    ${run}\n`,
        factsOf(undefined, { vars }),
      ).names;

    it('may be the whole strategy', () => {
      const S = '{"matrix":{"os":["x","y"]},"fail-fast":false,"max-parallel":1}';
      expect(names(['strategy: ${{ fromJSON(vars.S) }}'], { S })).to.deep.equal(['a (x)', 'a (y)']);
      expect(names(['strategy: ${{ fromJSON(vars.S) }}'], { S: '{}' })).to.deep.equal(['a']);
      expect(
        names(['strategy: { "${{ insert }}": "${{ fromJSON(vars.S) }}", fail-fast: true }'], {
          S: '{"matrix":{"b":[1]}}',
        }),
      ).to.deep.equal(['a (1)']);
    });

    it('may be keys of the matrix', () => {
      const matrix = [
        'strategy:',
        '  matrix:',
        '    ${{ vars.KEY }}: [x, y]',
        '    ${{ insert }}: ${{ fromJSON(vars.REST) }}',
      ];
      expect(names(matrix, { KEY: 'os', REST: '{"n":[1],"include":[{"OS":"z"}]}' })).to.deep.equal([
        'a (x, 1)',
        'a (y, 1)',
        'a (z)',
      ]);
    });

    it('are refused if a key of the strategy is unknown', () => {
      const build = new PlannedBuild(
        `on: push\njobs:\n  a:\n    runs-on: linux\n    strategy: \${{ fromJSON('{"matrx":{}}') }}\n    ${run}\n`,
      );
      expect(build.decisions.a).to.match(/^error invalid_workflow: ci.yml:3:3: `strategy` has the unknown key "matrx"/);
    });
  });
});
