import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parsePostgresUrl, shownAddress } from '../../src/record/postgres-url.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

describe('the address of a PostgreSQL database', () => {
  const folders = new TestFolders();

  after(folders.remove);

  it('has host, port, user, password and database, written as in URLs', () => {
    expect(parsePostgresUrl('postgres://vo%40lt:p%2Fa%25s@db.example:6543/ci')).to.deep.equal({
      ...{ host: 'db.example', port: 6543, user: 'vo@lt', password: 'p/a%s', database: 'ci', ssl: false },
    });
    expect(parsePostgresUrl('postgresql://[::1]/ci')).to.deep.equal({
      ...{ host: '::1', port: 5432, user: undefined, password: undefined, database: 'ci', ssl: false },
    });
  });

  it('may be the folder of a Unix socket', () => {
    for (const url of ['postgres:///ci?host=/run/postgresql', 'postgres://localhost/ci?host=%2Frun%2Fpostgresql'])
      expect(parsePostgresUrl(url)).to.include({ host: '/run/postgresql', database: 'ci' });
  });

  it('says by sslmode whether the connection is encrypted, and how the server is looked at', () => {
    const certificate = join(folders.make(), 'ca.pem');
    writeFileSync(certificate, 'certificate');
    const ssl = (options: string) => parsePostgresUrl(`postgres://db/ci?${options}`).ssl;
    expect(ssl('sslmode=disable')).to.equal(false);
    expect(ssl('sslmode=require')).to.deep.equal({ rejectUnauthorized: false });
    expect(ssl(`sslmode=verify-full&sslrootcert=${certificate}`)).to.deep.equal({
      rejectUnauthorized: true,
      ca: 'certificate',
    });
    expect(ssl('sslmode=verify-ca'))
      .to.include({ rejectUnauthorized: true })
      .and.to.have.property('checkServerIdentity');
  });

  it('is shown without user and password', () => {
    expect(shownAddress(parsePostgresUrl('postgres://volt:secret@db.example/ci'))).to.equal('ci at db.example:5432');
    expect(shownAddress(parsePostgresUrl('postgres:///ci?host=/run/pg'))).to.equal('ci at /run/pg:5432');
  });

  for (const [what, rest] of [
    ['without a database', 'db.example'],
    ['with a path for a database', 'db.example/a/b'],
    ['with an option that is none', 'db.example/ci?pool=3'],
    ['with another sslmode', 'db.example/ci?sslmode=prefer'],
    ['with a file that is not there', 'db.example/ci?sslmode=verify-full&sslrootcert=/nowhere/ca.pem'],
    ['with half a character', 'db.example/ci%2'],
    ['with a port that is none', 'db.example:port/ci'],
  ] as const) {
    it(`${what} is refused, and the password is not said`, async () => {
      const error = await failure('bad_setting', () => parsePostgresUrl(`postgres://volt:secret@${rest}`));
      expect(error.message).to.include('VOLT_DATABASE_URL');
      expect(`${error.message} ${error.remedy}`).to.not.include('secret');
    });
  }
});
