import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { asOrdinaryUser, attack, giveToOrdinaryUser } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';

describe('a job that searches for Volt’s secrets', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const repositories: TestRepository[] = [];

  after(async () => {
    await processes.end();
    folders.remove();
    for (const repository of repositories) repository.remove();
  });

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'sessions and tokens',
      title: 'cannot read the token, the Redis address or the database in files, memory or command lines',
      levels: ['sandbox', 'user'],
      users: ['root', 'ordinary user'],
    },
    async ({ level, user }) => {
      const folder = folders.make();
      const account = user === 'root' ? { inside: [], env: {}, dataDir: join(folder, 'data') } : asOrdinaryUser(folder);
      const token = `canary-${randomUUID()}`;
      const files = ['token', 'redis/url', 'volt.db'].map((name) => join(account.dataDir, name)).join(' ');
      const repository = new TestRepository({
        'test.sh': `cat ${files}; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'; env; echo looked around\n`,
      });
      repositories.push(repository);
      if (user === 'ordinary user') giveToOrdinaryUser(dirname(repository.path));
      const up = processes.start(
        ['up', '--repo', repository.path, '--once', '--port', '0', '--data', account.dataDir],
        { ...account.env, VOLT_ISOLATION: level, VOLT_TOKEN: token },
        account.inside,
      );
      await up.ended();
      expect(up.output).to.include('looked around');
      const ours = readFileSync(join(account.dataDir, 'redis', 'url'), 'utf8').trim();
      const said = up.output.slice(up.output.indexOf('[volt] $'));
      expect(said)
        .to.not.include(token)
        .and.not.include(ours)
        .and.not.match(/redis:\/\/|VOLT_(?!JOB)/);
    },
  );
});
