import { expect } from 'chai';
import { grantsIdTokens, grantsToken, type Permissions } from '../../src/workflow/permissions.ts';
import { PlannedBuild } from '../support/workflows.ts';

const job = '{ runs-on: linux, steps: [{ run: x }] }';

/** @param head lines of the workflow, @param own of its job */
function permissionsOf(head: string, own = ''): Permissions | undefined {
  const text = `on: push\n${head}\njobs:\n  a:\n    runs-on: linux\n    steps: [{ run: x }]\n${own && `    ${own}\n`}`;
  return new PlannedBuild(text).plans.a?.plan.permissions;
}

describe('the permissions of a job', () => {
  it('are absent where neither the job nor its workflow names any, and those of the job where both do', () => {
    expect(permissionsOf('')).to.equal(undefined);
    expect(permissionsOf('permissions: { contents: read, issues: write, checks: none }')).to.deep.equal({
      ...{ contents: 'read', issues: 'write' },
    });
    const own = 'permissions: { statuses: write }';
    expect(permissionsOf('permissions: { contents: read }', own)).to.deep.equal({ statuses: 'write' });
    expect(permissionsOf('permissions: { contents: read }', 'permissions: {}')).to.deep.equal({});
  });

  it('are every scope with `read-all` and `write-all`, as far as the scope has that level', () => {
    const read = permissionsOf('permissions: read-all');
    expect(read).to.include({ contents: 'read', 'pull-requests': 'read', models: 'read' });
    expect(read).to.not.have.any.keys('id-token', 'copilot-requests');
    const write = permissionsOf('', 'permissions: write-all');
    expect(write).to.include({ contents: 'write', 'id-token': 'write', models: 'read' });
  });

  it('let it have a token of the forge unless they grant nothing there, and tokens about itself only if they say so', () => {
    for (const [given, token, idToken] of [
      [undefined, true, false],
      [{}, false, false],
      [{ contents: 'read' }, true, false],
      [{ 'id-token': 'write' }, false, true],
      [{ contents: 'read', 'id-token': 'write' }, true, true],
    ] as [Permissions | undefined, boolean, boolean][]) {
      expect([grantsToken(given), grantsIdTokens(given)], JSON.stringify(given)).to.deep.equal([token, idToken]);
    }
  });

  describe('of a called workflow', () => {
    /** @param outer of the call, @param inner of the called job */
    const planOf = (outer: string, inner: string) => {
      const files = {
        'ci.yml': `on: push\njobs:\n  call:\n    uses: ./.github/workflows/inner.yml\n${outer && `    ${outer}\n`}`,
        '.github/workflows/inner.yml': `on: workflow_call\n${inner}\njobs: { a: ${job} }\n`,
      };
      return new PlannedBuild(files).plans['call / a']?.plan;
    };
    const called = (outer: string, inner: string) => planOf(outer, inner)?.permissions;

    it('are those of the call where it names none itself', () => {
      expect(called('', '')).to.equal(undefined);
      expect(called('permissions: { contents: read }', '')).to.deep.equal({ contents: 'read' });
    });

    it('are never more than those of the call', () => {
      const all = 'permissions: { contents: write, issues: read, id-token: write }';
      expect(called('permissions: { contents: read, id-token: write }', all)).to.deep.equal({
        ...{ contents: 'read', 'id-token': 'write' },
      });
      expect(called('permissions: {}', 'permissions: write-all')).to.deep.equal({});
    });

    it('include tokens about the job only if the call names them', () => {
      const wanted = 'permissions: { contents: write, id-token: write }';
      expect(called('', wanted)).to.deep.equal({ contents: 'write' });
    });

    it('count only as far as jobs usually have them, where the outermost call names none', () => {
      const inner = 'permissions: { contents: write }';
      expect(planOf('', inner)).to.include({ withinUsual: true });
      expect(planOf('permissions: { contents: write }', inner)).to.not.have.property('withinUsual');
      const middle = 'jobs: { b: { permissions: { contents: write }, uses: ./.github/workflows/inner.yml } }';
      const nested = new PlannedBuild({
        'ci.yml': 'on: push\njobs: { call: { uses: ./.github/workflows/middle.yml } }\n',
        '.github/workflows/middle.yml': `on: workflow_call\n${middle}\n`,
        '.github/workflows/inner.yml': `on: workflow_call\njobs: { a: ${job} }\n`,
      });
      expect(nested.plans['call / b / a']?.plan).to.include({ withinUsual: true });
    });
  });
});
