import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { withPassword } from '../../src/kernel/setting-files.ts';
import { settings, settingsFromFiles } from '../../src/kernel/settings.ts';
import { withEnvironment } from '../support/environment.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

describe('a setting from a file', () => {
  const folders = new TestFolders();
  after(folders.remove);
  const file = (text: string): string => {
    const path = join(folders.make(), 'secret');
    writeFileSync(path, text);
    return path;
  };

  it('is read without surrounding white space', () => {
    const env = { VOLT_TOKEN_FILE: file('0123456789abcdef0123\n') };
    expect(withEnvironment(env, () => loadConfig()).token).to.equal('0123456789abcdef0123');
  });

  it('is not read when the command line has the setting', () => {
    const env = { VOLT_REDIS_URL_FILE: '/not/there' };
    expect(withEnvironment(env, () => loadConfig({ redisUrl: 'redis://here' })).redisUrl).to.equal('redis://here');
  });

  it('must exist and not be empty', async () => {
    for (const path of ['/not/there', file(' \n')]) {
      const error = await failure('bad_setting', () => withEnvironment({ VOLT_TOKEN_FILE: path }, () => loadConfig()));
      expect(error.message).to.include('VOLT_TOKEN_FILE').and.include(path);
      expect(error.remedy).to.include('VOLT_TOKEN_FILE');
    }
  });

  it('is not shown when it is wrong', async () => {
    const env = { VOLT_TOKEN_FILE: file('canary') };
    const error = await failure('bad_setting', () => withEnvironment(env, () => loadConfig()));
    expect(`${error.message} ${error.remedy}`).to.include('VOLT_TOKEN').and.not.include('canary');
  });

  it('may not be in the environment, too', async () => {
    const env = { VOLT_TOKEN: 'one-of-two-tokens-1', VOLT_TOKEN_FILE: file('one-of-two-tokens-2') };
    const error = await failure('bad_setting', () => withEnvironment(env, () => loadConfig()));
    expect(error.message).to.equal('VOLT_TOKEN and VOLT_TOKEN_FILE are both set');
  });

  it('has an unused name', () => {
    const names: string[] = settings.map(({ env }) => env);
    expect(names).to.include.members([...settingsFromFiles]);
    for (const name of settingsFromFiles) expect(names).to.not.include(`${name}_FILE`);
  });
});

describe('a password setting for an address', () => {
  it('is put into the address', () => {
    const env = {
      VOLT_REDIS_URL: 'redis://redis:6379',
      VOLT_REDIS_PASSWORD: 'one',
      VOLT_DATABASE_URL: 'postgres://volt@db/volt',
      VOLT_DATABASE_PASSWORD: 'two',
    };
    expect(withEnvironment(env, () => loadConfig())).to.include({
      redisUrl: 'redis://:one@redis:6379',
      databaseUrl: 'postgres://volt:two@db/volt',
    });
  });

  it('is escaped, and fits every form of address', () => {
    expect(withPassword('rediss://me@redis:6379/1', 'a/b@c:d')).to.equal('rediss://me:a%2Fb%40c%3Ad@redis:6379/1');
    expect(withPassword('redis+sentinel://a:1,b:2/main', 'x')).to.equal('redis+sentinel://:x@a:1,b:2/main');
  });

  it('leaves an address with a password, or without a login part, unchanged', () => {
    for (const url of ['redis://:old@redis', 'redis://me:@redis', 'redis://:a/b@redis', 'nonsense']) {
      expect(withPassword(url, 'new')).to.equal(url);
    }
  });
});
