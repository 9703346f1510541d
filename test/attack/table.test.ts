import { expect } from 'chai';
import type { AttackResult } from '../support/attack.ts';
import { attackTable } from './table.ts';

describe('the table of attacks', () => {
  const one: AttackResult = {
    attacker: 'job beside mine',
    asset: 'secrets',
    title: 'reads them',
    level: 'sandbox',
    user: 'root',
    held: true,
  };

  it('counts by attacker, asset and setting, and marks a row in which an attack succeeded', () => {
    const table = attackTable([
      one,
      { ...one, held: false },
      { ...one, level: 'user' },
      { ...one, attacker: 'runner', user: 'ordinary user' },
    ]);
    expect(table.split('\n')).to.deep.equal([
      '| attacker | asset | sandbox, ordinary user | sandbox, root | user, root | held |',
      '|---|---|---|---|---|---|',
      '| job beside mine | secrets |  | 1/2 | 1/1 | **NO** |',
      '| runner | secrets | 1/1 |  |  | yes |',
    ]);
  });
});
