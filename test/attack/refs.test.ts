import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { openArea } from '../../src/job/sandbox/job-paths.ts';
import { asOrdinaryUser, attack, giveToOrdinaryUser, type Setting } from '../support/attack.ts';
import { program, root } from '../support/bundle.ts';
import { TestFolders } from '../support/folder.ts';
import { type VoltProcess, VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

const key = 'deploy-key-of-main';
const stolen = [...key].reverse().join('');

/** Files that a later job may use, which the attacker writes wherever it can. */
const plant = `
printf '#!/bin/sh\\necho "STOLEN $(printf %%s "$KEY" | rev)"\\nexec /bin/sh "$@"\\n' > ~/.x
chmod 755 ~/.x ~
echo "script-shell=$HOME/.x" > ~/.npmrc
for each in .profile .bashrc .bash_profile .gitconfig; do echo '. ~/.x' > ~/$each; done
mkdir -p "$HOME/.tools" "$HOME/.npm/_cacache" "$HOME/.local/bin"
cp ~/.x ~/.tools/npm; cp ~/.x ~/.local/bin/npm; echo evil > ~/.npm/_cacache/evil
for home in "$(dirname "$HOME")"/*; do cp ~/.npmrc ~/.x "$home/"; done
echo "planted with <$KEY>"
`;

describe('a job of an untrusted ref', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const repositories: TestRepository[] = [];
  const areas: string[] = [];

  afterEach(async () => {
    await processes.end();
    for (const area of areas.splice(0)) rmSync(area, { recursive: true, force: true });
  });
  after(() => {
    folders.remove();
    for (const repository of repositories) repository.remove();
  });

  /** A Volt that builds all branches of a repository; its default branch has a secret. */
  async function start(
    { level, user }: Setting,
    files: Record<string, string>,
    command: string,
    options: readonly string[] = [],
  ) {
    const folder = folders.make();
    const account = user === 'root' ? { inside: [], env: {}, dataDir: join(folder, 'data') } : asOrdinaryUser(folder);
    areas.push(openArea(account.dataDir));
    const repository = new TestRepository(files);
    repositories.push(repository);
    // in a bare repository HEAD is the default branch, not the one that is checked out
    const served = join(folder, 'app.git');
    repository.git('clone', '--quiet', '--bare', repository.path, served);
    if (user === 'ordinary user') giveToOrdinaryUser(served);
    const env = { ...account.env, VOLT_ISOLATION: level, VOLT_SECRET_VALUE: key };
    const up = processes.start(['up', '--port', '0', '--data', account.dataDir], env, account.inside);
    await up.says(/dashboard/);
    const logs = (): string => {
      const all = join(account.dataDir, 'logs');
      if (!existsSync(all)) return '';
      return readdirSync(all, { encoding: 'utf8', recursive: true })
        .filter((name) => name.endsWith('.log'))
        .map((name) => readFileSync(join(all, name), 'utf8'))
        .join('\n');
    };
    const says = (text: string) =>
      until(`a job says ${text}; they said: ${logs()}`, () => logs().includes(text), 60_000);
    const { PATH = '' } = process.env;
    const asOwner = (...args: string[]) =>
      execFileSync(process.execPath, [program, ...args, '--data', account.dataDir], {
        ...{ cwd: root, env: { PATH, HOME: folder }, input: key, stdio: ['pipe', 'pipe', 'pipe'] },
      });
    asOwner('repo', 'add', 'app', served, '--branch', '**', '--command', command, ...options);
    asOwner('secret', 'set', 'KEY', '--repo', 'app', '--env');
    /** @param ref to push to; by default the branch */
    const commit = (branch: string, change: Record<string, string>, ref = branch) => {
      repository.git('checkout', '--quiet', '-B', branch, 'main');
      repository.commit(`on ${branch}`, change);
      // git refuses a repository of another user
      writeFileSync(join(folder, 'gitconfig'), '[safe]\n\tdirectory = *\n');
      const env = { ...process.env, GIT_CONFIG_GLOBAL: join(folder, 'gitconfig') };
      execFileSync('git', ['push', '--quiet', served, `${branch}:${ref}`], { cwd: repository.path, env });
    };
    return { up, logs, says, commit, asOwner, repository, dataDir: account.dataDir };
  }

  const packageOf = (check: string) => ({ 'package.json': JSON.stringify({ scripts: { check } }) });

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'secrets',
      title: "cannot plant a program in the home of the default branch's next job",
      levels: ['sandbox', 'user'],
      users: ['root', 'ordinary user'],
    },
    async (setting) => {
      const volt = await start(setting, packageOf('echo first'), 'npm run check');
      await volt.says('first');
      volt.commit('evil', { ...packageOf('sh plant.sh'), 'plant.sh': plant });
      await volt.says('planted with <');
      expect(volt.logs()).to.include('planted with <>').and.include('refs/heads/evil is not trusted with secrets');
      volt.commit(
        'main',
        packageOf('echo "deployed with $(printf %s "$KEY" | wc -c)"; ls -A ~ ~/.npm/_cacache || true'),
      );
      await volt.says(`deployed with ${key.length}`);
      expect(volt.logs()).to.not.include(stolen).and.not.include('STOLEN');
      expect(volt.logs().split('deployed with').at(-1)).to.not.match(/\.npmrc|evil/);
    },
  );

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'secrets',
      title: 'cannot read the home of the default branch or the folders beside it',
      levels: ['sandbox', 'user'],
      users: ['root', 'ordinary user'],
    },
    async (setting) => {
      const [sleep, mark] = [longSleep(), randomUUID()];
      // the search must not find itself
      const pattern = `[${mark[0]}]${mark.slice(1)}`;
      const leave = `mkdir -p ~/.npm/_cacache; echo ${mark} > ~/.npmrc; echo ${mark} > ~/.npm/_cacache/../note; pwd; echo left; exec sleep ${sleep}`;
      const volt = await start(setting, { 'test.sh': leave }, 'sh test.sh');
      await volt.says('left');
      const secretive = `
        for each in "$HOME" "$(dirname "$HOME")" "$(dirname "$(dirname "$HOME")")" /var/tmp; do grep -rs '${pattern}' "$each"; done
        for each in /proc/[0-9]*; do tr '\\0' '\\n' < $each/environ | grep -s KEY=; cat $each/cmdline | grep -s '${sleep.replace('.', '[.]')}'; done
        for pid in $(seq 1 400); do [ $pid = $$ ] || [ $pid = $PPID ] || kill -9 $pid 2>/dev/null; done
        ls /proc | grep -c '^[0-9]' | sed 's/^/processes: /'; echo looked around`;
      volt.commit('evil', { 'test.sh': secretive });
      await volt.says('looked around');
      const found = volt
        .logs()
        .split('\n')
        .filter((line) => line.includes(mark));
      expect(found).to.deep.equal([]);
      expect(volt.logs()).to.not.include('KEY=').and.not.include(key);
      expect(Number(/processes: (\d+)/.exec(volt.logs())?.[1])).to.be.lessThan(30);
      expect(processesWith(sleep), 'the job of the default branch').to.not.have.length(0);
    },
  );

  attack(
    {
      attacker: 'author of a pull request',
      asset: 'secrets',
      title: 'cannot plant a file for the default branch through a build that a person triggers',
      levels: ['sandbox', 'user'],
      users: ['root', 'ordinary user'],
    },
    async (setting) => {
      const volt = await start(setting, packageOf('echo of main > ~/note; echo first'), 'npm run check');
      await volt.says('first');
      const look = 'echo "home <$(cat ~/note 2>/dev/null)>"; sh plant.sh';
      volt.commit('proposed', { ...packageOf(look), 'plant.sh': plant }, 'refs/pull/7/head');
      for (const ref of ['refs/pull/7/head', volt.repository.git('rev-parse', 'proposed')]) {
        const before = volt.logs().split('planted with').length;
        volt.asOwner('trigger', 'app', ref);
        await until(`${ref} to be built`, () => volt.logs().split('planted with <>').length > before, 60_000);
        expect(volt.logs(), ref).to.include(`${ref} is not trusted with secrets`);
      }
      expect(volt.logs()).to.not.include('home <of main>');
      volt.commit('main', packageOf('echo "deployed with $(printf %s "$KEY" | wc -c), <$(cat ~/note)>"; ls -A ~'));
      await volt.says(`deployed with ${key.length}, <of main>`);
      expect(volt.logs()).to.not.include(stolen).and.not.include('STOLEN');
      expect(volt.logs().split('deployed with').at(-1)).to.not.match(/\.npmrc/);
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: "other repositories' jobs",
      title: 'cannot reach other jobs by the common user id of VOLT_JOB_USER',
      levels: ['user'],
    },
    async () => {
      const folder = folders.make();
      const up: VoltProcess = processes.start(['up', '--port', '0', '--data', join(folder, 'data')], {
        VOLT_ISOLATION: 'user',
        VOLT_JOB_USER: 'nobody',
      });
      expect(await up.ended()).to.not.equal(0);
      expect(up.output).to.include('VOLT_JOB_USER cannot be set together with isolation "user"');
      expect(existsSync(join(folder, 'data/homes'))).to.equal(false);
    },
  );
});
