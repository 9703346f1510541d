import { expect } from 'chai';
import { everything, holds, type Right, roleIn } from '../../src/kernel/rights.ts';
import { roles } from '../../src/kernel/roles.ts';

describe('rights', () => {
  const right = (role: Right['role'], ...repos: string[]): Right => ({ role, repos, private: true });

  it('hold a role and those before it, in the repositories that their patterns match', () => {
    const rights = [right('run', 'app', 'team-*')];
    const held = (repo?: string) => roles.filter((role) => holds(rights, role, repo));
    expect(held('app')).to.deep.equal(['read', 'run']);
    expect(held('team-web')).to.deep.equal(['read', 'run']);
    expect(held('other')).to.deep.equal([]);
    expect(held(), 'anywhere').to.deep.equal(['read', 'run']);
  });

  it('are as large as the largest of them that matches', () => {
    const rights = [right('own', 'app'), right('read', '*')];
    expect([roleIn(rights, 'app'), roleIn(rights, 'lib'), roleIn(rights)]).to.deep.equal(['own', 'read', 'own']);
  });

  it('for no repository are none in any', () => {
    expect(roleIn([right('own')], 'app')).to.equal(undefined);
    expect(roleIn([], 'app')).to.equal(undefined);
    expect(roleIn([])).to.equal(undefined);
  });

  it('of an administrator hold every role everywhere', () => {
    expect(roleIn(everything)).to.equal('admin');
    expect(roleIn(everything, 'app')).to.equal('admin');
  });
});
