import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { personOfAccount } from '../../src/record/forge-accounts.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { addPerson } from '../../src/record/people.ts';
import { pageOfPeople } from '../../src/record/people-search.ts';
import { plansOf } from '../support/query-plans.ts';
import { withRecord } from '../support/record.ts';

describe('people among thousands', () => {
  let database: Database;
  let grace: number;
  const forge = { kind: 'gitlab', api: 'https://git.example/api/v4' } as const;

  withRecord(
    (opened) => {
      database = opened;
    },
    { once: true },
  );
  before(async () => {
    await database.write(async (db) => {
      for (const first of [0, 500, 1000, 1500, 2000]) {
        const rows = Array.from({ length: 500 }, (_, index) => ({
          ...{ name: `p${String(first + index).padStart(4, '0')}`, display_name: 'Somebody', created_at: 1 },
        }));
        await db.insertInto('people').values(rows).execute();
      }
      await addPerson(db, { login: 'ada', displayName: 'Ada Lovelace' });
      await db
        .insertInto('providers')
        .values({
          ...{
            name: 'git',
            kind: 'oidc',
            title: 'git',
            url: 'https://git.example',
            client_id: 'volt',
            scopes: 'openid',
          },
          ...{ created_by: 'owner', created_at: 1 },
        })
        .execute();
    });
    const told = { provider: 'git', issuer: 'https://git.example', groups: [], addresses: ['grace@navy.example'] };
    ({ id: grace } = await noteIdentity(
      database,
      { groupDays: 30 },
      {
        ...{ ...told, subject: '7', login: 'zz-hopper', displayName: 'Grace Hopper' },
      },
    ));
  });

  const names = async (filter: Parameters<typeof pageOfPeople>[1]) => {
    const { people, next } = await pageOfPeople(database, filter);
    return { names: people.map(({ name }) => name), next };
  };

  it('are found by words, wherever their names stand', async () => {
    expect(await names({ limit: 2, text: 'lovelace ADA' })).to.deep.equal({ names: ['ada'], next: null });
    for (const text of ['hopper', 'navy.example grace'])
      expect(await names({ limit: 2, text })).to.deep.equal({ names: ['zz-hopper'], next: null });
    expect(await names({ limit: 2, text: 'a' })).to.deep.equal({ names: ['ada', 'zz-hopper'], next: null });
    expect(await names({ limit: 2, text: 'nobody' })).to.deep.equal({ names: [], next: null });
  });

  it('are listed in pages that miss nobody', async () => {
    for (const text of [undefined, 'somebody']) {
      const all: string[] = [];
      for (let after: string | null = text === undefined ? 'ada' : ''; after !== null && all.length < 3000; ) {
        const page = await names({ limit: 450, text, after });
        all.push(...page.names);
        after = page.next;
      }
      expect(new Set(all).size).to.equal(all.length);
      expect(all.filter((name) => name.startsWith('p'))).to.have.lengthOf(2500);
    }
  });

  it('are found by an account at a forge without reading all accounts', async () => {
    expect((await personOfAccount(database, forge, '7'))?.id).to.equal(grace);
    expect(await personOfAccount(database, forge, '8')).to.equal(undefined);
    expect(await personOfAccount(database, { ...forge, api: 'https://other.example/api/v4' }, '7')).to.equal(undefined);
    if (database.kind !== 'sqlite') return;
    const plans = await plansOf(database, (from) => personOfAccount(from, forge, '7'));
    expect(plans.filter((step) => /identities/.test(step)).every((step) => step.startsWith('SEARCH'))).to.equal(true);
  });
});
