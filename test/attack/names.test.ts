import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { removeRepository } from '../../src/record/removal.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { attack } from '../support/attack.ts';
import { isIsolable } from '../support/isolation.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

/** A workflow that restores every cache that it can, prints the content of its home, and leaves a file of its own. */
const workflow = (mark: string) => `
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    env: {KEY: "\${{ secrets.KEY }}"}
    steps:
      - uses: actions/cache@v4
        with: {path: kept, key: "deps-\${{ github.sha }}", restore-keys: deps-}
      - run: |
          echo "restored <$(cat kept/mark 2>/dev/null)> home <$(cat ~/mark 2>/dev/null)> key <$(printf %s "$KEY" | wc -c)>"
          mkdir -p kept; echo ${mark} > kept/mark; echo ${mark} > ~/mark
`;

describe('a repository with the name of a removed one', () => {
  const repositories: TestRepository[] = [];
  let volt: TestVolt | undefined;

  afterEach(async () => {
    await volt?.stop();
    for (const repository of repositories.splice(0)) repository.remove();
  });

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'secrets',
      title: 'cannot get the caches, the home or the trusted refs of the removed repository',
      levels: ['sandbox', 'user'],
    },
    async ({ level }) => {
      if (level === 'none' || !(await isIsolable(level as 'sandbox'))) expect.fail(`no isolation ${level} here`);
      volt = await TestVolt.startAll({ isolation: level });
      const { database, config } = volt.context;
      const said = async (repository: TestRepository, sha: string) => {
        const build = await (volt as TestVolt).build(sha, undefined, 60_000);
        const logs = join((volt as TestVolt).dataDir, 'logs', build.id);
        const log = readdirSync(logs).map((name) =>
          name.endsWith('.log') ? readFileSync(join(logs, name), 'utf8') : '',
        );
        expect(build.status, log.join('\n')).to.equal('success');
        return /^restored <[^$\n]*$/m.exec(log.join('\n'))?.[0] ?? `nothing of ${repository.path}`;
      };
      const make = (mark: string) => {
        const repository = new TestRepository({ '.github/workflows/ci.yml': workflow(mark) });
        repositories.push(repository);
        return repository;
      };
      const first = make('first');
      await volt.observe(first.path, { name: 'app' });
      await said(first, first.head());
      await setTrustedRefs(database, 'app', ['refs/**']);
      await setSecret(database, config, { repo: 'app', name: 'KEY', value: 'a secret' });
      await volt.context.queues.sendObserve(config.host, { v: 1, repo: 'app', cause: 'person' });
      const again = first.commit('again');
      expect(await said(first, again)).to.equal('restored <first> home <first> key <8>');
      await removeRepository(database, 'app', false);

      const second = make('second');
      second.git('checkout', '--quiet', '-b', 'evil');
      second.git('checkout', '--quiet', 'main');
      await volt.observe(second.path, { name: 'app', branches: ['main', 'evil'] });
      await setSecret(database, config, { repo: 'app', name: 'KEY', value: 'of the second' });
      second.git('branch', '--force', 'evil', second.commit('of nobody whom the first one knew'));
      second.git('reset', '--quiet', '--hard', 'HEAD~1');
      await volt.context.queues.sendObserve(config.host, { v: 1, repo: 'app', cause: 'person' });
      const evil = second.git('rev-parse', 'evil');
      // either build may be first and leave it for the other
      expect(await said(second, evil)).to.match(/^restored <(second)?> home <> key <0>$/);
      expect(await said(second, second.head())).to.match(/^restored <> home <> key <13>$/);
    },
  );
});
