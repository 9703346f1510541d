import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { Database } from '../../src/record/database.ts';
import { publishedIdTokenKeys, signingIdTokenKey } from '../../src/record/id-token-keys.ts';
import { rotateKey } from '../../src/record/secret-key.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { only } from '../support/database.ts';
import { withRecord } from '../support/record.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('the keys of ID tokens', () => {
  let database: Database;
  let config: Config;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir });
  });

  const signing = async () => (await signingIdTokenKey(database, config)).id;
  const published = async () => (await publishedIdTokenKeys(database.db)).map(({ kid }) => kid);
  const stored = async () => (await database.db.selectFrom('id_token_keys').select('id').execute()).length;
  /** As if all keys had been made longer ago. */
  const age = (ms: number) =>
    database.db
      .updateTable('id_token_keys')
      .set((eb) => ({ created_at: eb('created_at', '-', ms) }))
      .execute();

  it('are made when the first token is asked for, and used again', async () => {
    expect(await published()).to.deep.equal([]);
    const first = await signing();
    expect(await signing()).to.equal(first);
    const [key] = await publishedIdTokenKeys(database.db);
    expect(key).to.include({ kid: first, kty: 'RSA', use: 'sig', alg: 'RS256' });
    expect(key).to.not.have.any.keys('d', 'p', 'q', 'dp', 'dq', 'qi');
  });

  it('are replaced after 30 days: the next one is published before it signs, the former one until its tokens have ended', async () => {
    const first = await signing();
    await age(30 * day - minute);
    expect(await signing()).to.equal(first);
    await age(2 * minute);
    expect(await signing(), 'verifiers may not know the new one yet').to.equal(first);
    const [second, ...rest] = await published();
    expect(rest).to.deep.equal([first]);
    await age(61 * minute);
    expect(await signing()).to.equal(second);
    expect(await published(), 'tokens of the former one are still valid').to.deep.equal([second, first]);
    await age(10 * minute);
    expect(await published()).to.deep.equal([second]);
    await age(30 * day);
    await signing();
    expect(await stored(), 'the first one is gone').to.equal(2);
  });

  it('are new after a rotation of the secrets key, and after it was lost', async () => {
    await setSecret(database, config, { repo: null, name: 'A', value: 'a' });
    const first = await signing();
    await rotateKey(database, config);
    expect(await published()).to.deep.equal([]);
    expect(await signing()).to.not.equal(first);
    await database.db.deleteFrom('secrets').execute();
    rmSync(join(config.dataDir, 'secrets.key'));
    const third = await signing();
    expect((await published())[0]).to.equal(third);
    expect(await signing()).to.equal(third);
  });

  only.sqlite('are in no file in plain text', async () => {
    const { privateKey } = await signingIdTokenKey(database, config);
    const files = Buffer.concat(['volt.db', 'volt.db-wal'].map((name) => readFileSync(join(config.dataDir, name))));
    expect(files.includes('id_token_keys')).to.equal(true);
    expect(privateKey).to.include('PRIVATE KEY');
    for (const line of privateKey.split('\n').slice(1, -1)) expect(files.includes(line)).to.equal(false);
    expect(files.includes('PRIVATE KEY')).to.equal(false);
  });
});
