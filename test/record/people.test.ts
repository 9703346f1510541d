import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { addDeviceRequest, decideDeviceRequest } from '../../src/record/device-requests.ts';
import { grantRole } from '../../src/record/grants.ts';
import { groupsOf, noteIdentity, type ToldIdentity } from '../../src/record/identities.ts';
import { findPerson, setBlocked } from '../../src/record/people.ts';
import { removePerson } from '../../src/record/people-admin.ts';
import { addPersonalToken } from '../../src/record/personal-tokens.ts';
import { addSession, findSession, listSessions } from '../../src/record/sessions.ts';
import { addToken } from '../../src/record/tokens.ts';
import { failure } from '../support/failure.ts';
import { withRecord } from '../support/record.ts';

describe('people', () => {
  let database: Database;

  withRecord((opened) => {
    database = opened;
  });

  const told = (change: Partial<ToldIdentity> = {}): ToldIdentity => ({
    ...{ provider: 'corp', issuer: 'https://id.example', subject: '42', login: 'Ada', displayName: 'Ada Lovelace' },
    ...{ groups: [], addresses: [], ...change },
  });
  const addressesOf = async (person: number) =>
    (await database.db.selectFrom('person_addresses').select('address').where('person_id', '=', person).execute()).map(
      ({ address }) => address,
    );

  it('are made when an identity signs in first, and found by issuer and subject alone', async () => {
    const ada = await noteIdentity(database, { groupDays: 30 }, told());
    expect(ada).to.include({ name: 'ada', displayName: 'Ada Lovelace', blockedAt: null });
    const renamed = await noteIdentity(
      database,
      { groupDays: 30 },
      told({ login: 'countess', displayName: 'Countess' }),
    );
    expect(renamed).to.include({ id: ada.id, name: 'ada', displayName: 'Countess' });
    const others = [
      told({ subject: '43', addresses: ['ada@example.org'] }),
      told({ issuer: 'https://other.example', addresses: ['ada@example.org'] }),
    ];
    const names = [];
    for (const other of others) names.push((await noteIdentity(database, { groupDays: 30 }, other)).name);
    expect(names).to.deep.equal(['ada-2', 'ada-3']);
  });

  it('have groups for as many days as VOLT_GROUP_DAYS says', async () => {
    const { id } = await noteIdentity(database, { groupDays: 2 }, told({ groups: ['dev'] }));
    const days = (number: number) => Date.now() + number * 24 * 3_600_000;
    expect(await groupsOf(database, id, days(1))).to.deep.equal(['corp/dev']);
    expect(await groupsOf(database, id, days(3))).to.deep.equal([]);
  });

  it('are made once when two sign-ins of a new identity race', async () => {
    const found = await Promise.all(Array.from({ length: 5 }, () => noteIdentity(database, { groupDays: 30 }, told())));
    expect(new Set(found.map(({ id }) => id)).size).to.equal(1);
    expect(await database.db.selectFrom('people').selectAll().execute()).to.have.lengthOf(1);
  });

  it('get a handle that no token has, nor the main token, and no token gets theirs', async () => {
    await addToken(database, { name: 'robot', role: 'read', repos: null, person: 'robot', createdBy: 'owner' });
    const handle = async (subject: string, login: string) =>
      (await noteIdentity(database, { groupDays: 30 }, told({ subject, login }))).name;
    expect(await handle('1', 'robot')).to.equal('robot-2');
    expect(await handle('2', 'owner')).to.equal('owner-2');
    expect(await handle('3', 'Zoë Ångström@example.org')).to.equal('zoe-angstrom');
    expect(await handle('4', '漢字')).to.equal('person');
    expect(await handle('5', '../../etc/passwd')).to.equal('etc-passwd');
    expect(await handle('6', 'x'.repeat(500))).to.have.lengthOf(56);
    const token = { name: 'robot-2', role: 'read', repos: null, person: 'robot-2', createdBy: 'owner' } as const;
    await failure('name_taken', () => addToken(database, token));
  });

  it('are in the groups that their providers told last', async () => {
    const { id } = await noteIdentity(database, { groupDays: 30 }, told({ groups: ['dev', 'ops'] }));
    expect(await groupsOf(database, id)).to.deep.equal(['corp/dev', 'corp/ops']);
    await noteIdentity(database, { groupDays: 30 }, told({ groups: ['dev'] }));
    expect(await groupsOf(database, id)).to.deep.equal(['corp/dev']);
  });

  it('have the addresses that a provider has verified, and keep them from others', async () => {
    const { id: ada } = await noteIdentity(
      database,
      { groupDays: 30 },
      told({ addresses: ['Ada@Example.org', 'a@example.org'] }),
    );
    const { id: eve } = await noteIdentity(
      database,
      { groupDays: 30 },
      told({ subject: '66', addresses: ['ada@example.org'] }),
    );
    expect(await addressesOf(eve)).to.deep.equal([]);
    await noteIdentity(database, { groupDays: 30 }, told({ addresses: ['ada@example.org'] }));
    expect(await addressesOf(ada)).to.deep.equal(['ada@example.org']);
  });

  it('are gone with all that is theirs when they are removed, and nobody else loses anything', async () => {
    const session = { provider: null, origin: 'http://volt', address: '::1', agent: '', lifetime: 1e6 };
    const request = { program: 'volt', machine: 'box', role: 'read', address: '::1' } as const;
    const people = [];
    for (const subject of ['1', '2']) {
      const given = { subject, login: `person${subject}`, groups: ['dev'], addresses: [`${subject}@example.org`] };
      const { id, name } = await noteIdentity(database, { groupDays: 30 }, told(given));
      await grantRole(database, { who: name, role: 'own', repos: ['app'] }, 'owner');
      const { id: token } = await addPersonalToken(database, id, { name: 'laptop', role: 'read', repos: null });
      await addSession(database, { ...session, id: `of ${name}`, person: id, token: null });
      await addSession(database, { ...session, id: `of a token of ${name}`, person: null, token });
      for (const by of [{ person: id }, { token }]) {
        const { userCode = '' } = (await addDeviceRequest(database, request)) ?? {};
        await decideDeviceRequest(database, userCode, { ...by, role: 'read' });
      }
      people.push(name);
    }
    const counts = async () => {
      const tables = ['people', 'identities', 'person_addresses', 'grants', 'tokens', 'sessions', 'device_requests'];
      const { db } = database;
      return Object.fromEntries(
        await Promise.all(
          tables.map(async (table) => [
            table,
            (
              await db
                .selectFrom(table as 'people')
                .selectAll()
                .execute()
            ).length,
          ]),
        ),
      );
    };
    const ofTwo = await counts();
    expect(ofTwo).to.include({ people: 2, identities: 2, sessions: 4, device_requests: 4 });
    await removePerson(database, people[0] ?? '');
    expect(await counts()).to.deep.equal(
      Object.fromEntries(Object.entries(ofTwo).map(([table, count]) => [table, Number(count) / 2])),
    );
    expect(await findPerson(database, 2)).to.include({ name: people[1] });
  });

  it('lose their sessions when they are blocked', async () => {
    const { id } = await noteIdentity(database, { groupDays: 30 }, told());
    const session = { token: null, provider: 'corp', origin: 'http://volt', address: '::1', agent: '', lifetime: 1e6 };
    await addSession(database, { ...session, id: 'a', person: id });
    await addSession(database, { ...session, id: 'b', person: null });
    await setBlocked(database, 'ada', true);
    expect((await findPerson(database, id))?.blockedAt).to.be.a('string');
    expect(await listSessions(database, { person: id })).to.deep.equal([]);
    expect(await findSession(database, 'b')).to.include({ id: 'b' });
    expect((await noteIdentity(database, { groupDays: 30 }, told())).blockedAt).to.be.a('string');
    expect((await setBlocked(database, 'ada', false)).blockedAt).to.equal(null);
    await failure('not_found', () => setBlocked(database, 'nobody', true));
  });
});
