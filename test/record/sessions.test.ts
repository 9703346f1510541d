import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import {
  addSession,
  endSession,
  endSessions,
  findSession,
  listSessions,
  noteSessionUse,
  removeExpiredSessions,
} from '../../src/record/sessions.ts';
import { addToken, removeToken } from '../../src/record/tokens.ts';
import { withRecord } from '../support/record.ts';

const minute = 60_000;

describe('sessions', () => {
  let database: Database;
  let person: number;
  let token: number;

  withRecord((opened) => {
    database = opened;
  });

  beforeEach(async () => {
    const told = { provider: 'corp', issuer: 'https://id.example', subject: '1', login: 'ada', displayName: 'Ada' };
    person = (await noteIdentity(database, { groupDays: 30 }, { ...told, groups: [], addresses: [] })).id;
    const made = { name: 'robot', role: 'read', repos: null, person: 'robot', createdBy: 'owner' } as const;
    token = (await addToken(database, made)).id;
    const common = { provider: null, origin: 'http://volt', address: '::1', agent: 'x'.repeat(1000), lifetime: minute };
    await addSession(database, { ...common, id: 'of-main', person: null, token: null });
    await addSession(database, { ...common, id: 'of-token', person: null, token });
    await addSession(database, { ...common, id: 'of-ada', person, token: null, provider: 'corp' });
    await addSession(database, { ...common, id: 'of-ada-by-token', person, token });
  });

  const left = async () =>
    (await database.db.selectFrom('sessions').select('id').orderBy('id').execute()).map(({ id }) => id);

  it('are listed by person, token and main token, with where they began', async () => {
    const ids = async (owner: Parameters<typeof listSessions>[1]) =>
      (await listSessions(database, owner)).map(({ id }) => id).sort();
    expect(await ids('main token')).to.deep.equal(['of-main']);
    expect(await ids({ token })).to.deep.equal(['of-ada-by-token', 'of-token']);
    expect(await ids({ person })).to.deep.equal(['of-ada', 'of-ada-by-token']);
    const session = await findSession(database, 'of-ada');
    expect(session).to.include({ person, provider: 'corp', origin: 'http://volt', address: '::1' });
    expect(session?.agent).to.have.lengthOf(300);
  });

  it('end one by one, with all others of their owner, and with their token', async () => {
    expect(await endSession(database, 'of-main')).to.deep.equal({ provider: null });
    expect(await endSession(database, 'of-main')).to.equal(undefined);
    expect(await endSessions(database, { person })).to.equal(2);
    expect(await left()).to.deep.equal(['of-token']);
    await removeToken(database, 'robot');
    expect(await left()).to.deep.equal([]);
  });

  it('expire, and their rows are removed', async () => {
    const later = Date.now() + 2 * minute;
    expect(await findSession(database, 'of-ada', later)).to.equal(undefined);
    await removeExpiredSessions(database, Date.now());
    expect(await left()).to.have.lengthOf(4);
    await removeExpiredSessions(database, later);
    expect(await left()).to.deep.equal([]);
  });

  it('note their use at most once a minute', async () => {
    const use = async () => {
      const session = await findSession(database, 'of-ada');
      if (!session) throw new Error('the session is missing');
      await noteSessionUse(database, session);
      return Date.parse((await findSession(database, 'of-ada'))?.lastUsedAt ?? '');
    };
    const usedAt = async (last_used_at: number) => {
      await database.db.updateTable('sessions').set({ last_used_at }).execute();
      return last_used_at;
    };
    const justNow = await usedAt(Date.now() - minute / 2);
    expect(await use()).to.equal(justNow);
    const before = await usedAt(Date.now() - 2 * minute);
    expect(await use()).to.be.above(before);
  });
});
