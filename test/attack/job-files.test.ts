import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { asOrdinaryUser, attack, giveToOrdinaryUser } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { IsolatedJobs } from '../support/isolation.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';

const levels = ['sandbox', 'user'] as const;
const content = 'only root may read this';

describe('a job that prepares its folders against Volt', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const repositories: TestRepository[] = [];
  const jobs: IsolatedJobs[] = [];
  /** readable by root only, in a folder that jobs also see in a sandbox */
  let hostFolder: string;

  beforeEach(function () {
    if (process.getuid?.() !== 0) return this.skip();
    hostFolder = mkdtempSync('/opt/volt-attack-');
    chmodSync(hostFolder, 0o755);
    writeFileSync(join(hostFolder, 'victim'), content, { mode: 0o600 });
    mkdirSync(join(hostFolder, 'closed', '.dir'), { recursive: true, mode: 0o700 });
    chmodSync(join(hostFolder, 'closed'), 0o700);
    writeFileSync(join(hostFolder, 'closed', 'program'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(hostFolder, 'closed', '.dir', 'name-that-is-a-secret'), '');
  });
  afterEach(async () => {
    await processes.end();
    for (const each of jobs.splice(0)) each.clean();
    if (hostFolder) rmSync(hostFolder, { recursive: true, force: true });
  });
  after(() => {
    folders.remove();
    for (const repository of repositories) repository.remove();
  });

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'the machine',
      title: 'cannot make root give a file away by a link that replaces an archive',
      levels,
    },
    async ({ level }) => {
      const victim = join(hostFolder, 'victim');
      const isolated = new IsolatedJobs(level);
      jobs.push(isolated);
      const swap = `
        const fs = require('fs');
        fs.writeFileSync('ready', '');
        for (const end = Date.now() + 20000; Date.now() < end; )
          for (const name of fs.readdirSync(process.env.RUNNER_TEMP).filter((name) => name.endsWith('.tar')))
            try {
              const path = process.env.RUNNER_TEMP + '/' + name;
              if (fs.lstatSync(path).isSymbolicLink()) continue;
              fs.unlinkSync(path); fs.symlinkSync('${victim}', path); fs.writeFileSync('swapped', '');
            } catch {}`;
      const repository = isolated.repository({ 'swap.js': swap });
      const { log } = await isolated.steps(
        `
- uses: actions/checkout@v4
- run: head -c 60000000 /dev/zero > large
- uses: actions/upload-artifact@v4
  with: { name: large, path: large }
- run: (setsid node swap.js >/dev/null 2>&1 &); until [ -e ready ]; do sleep 0.05; done
- uses: actions/download-artifact@v4
  with: { name: large, path: again }
  continue-on-error: true
- run: ls swapped; cat ${victim}; true`,
        repository,
      );
      expect(log)
        .to.match(/^swapped$/m)
        .and.not.include(content);
      const { uid, mode } = lstatSync(victim);
      expect([uid, mode & 0o777]).to.deep.equal([0, 0o600]);
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'the machine',
      title: "cannot make Volt write a starting job's event file through a link",
      levels,
      users: ['root', 'ordinary user'],
    },
    async ({ level, user }) => {
      const written = join(hostFolder, 'written');
      const attempt = `
mkdir -p ~/folders; echo "$RUNNER_TEMP" > ~/folders/$1
folders=$(echo "\${RUNNER_TEMP%/*/*}"/{1,2}-{1,2,3,4,5,6,7,8,9,10,11,12}.1/_github_workflow)
end=$((SECONDS + 5))
while [ $SECONDS -lt $end ]; do
  mkdir -p $folders 2>/dev/null
  for folder in $folders; do
    [ -d $folder ] && ln -s ${written} $folder/event.json 2>/dev/null
  done
  for other in $(cat ~/folders/*); do
    [ "$other" = "$RUNNER_TEMP" ] && continue
    ls "$other" >/dev/null 2>&1 && echo "SEEN $other"
    { echo mine > "$other/planted"; } 2>/dev/null && echo "CHANGED $other"
  done
  [ -e "$RUNNER_TEMP/planted" ] && echo PLANTED
  sleep 0.1
done
echo "knew $(ls ~/folders | wc -l)"
`;
      const workflow = `
on: push
jobs:
  one:
    runs-on: linux
    strategy: { matrix: { number: [1, 2, 3, 4, 5, 6, 7, 8] } }
    steps:
      - uses: actions/checkout@v4
      - run: bash attempt.sh \${{ matrix.number }}
`;
      const repository = new TestRepository({ 'attempt.sh': attempt, '.github/workflows/ci.yml': workflow });
      repositories.push(repository);
      const folder = folders.make();
      const at = user === 'root' ? { inside: [], env: {}, dataDir: join(folder, 'data') } : asOrdinaryUser(folder);
      if (user === 'ordinary user') for (const path of [hostFolder, dirname(repository.path)]) giveToOrdinaryUser(path);
      const up = processes.start(
        ['up', '--repo', repository.path, '--once', '--port', '0', '--slots', '4', '--data', at.dataDir],
        { ...at.env, VOLT_ISOLATION: level },
        at.inside,
      );
      await up.ended();
      expect(up.output)
        .to.match(/knew [4-8]/)
        .and.not.match(/SEEN|CHANGED|PLANTED/);
      expect(existsSync(written)).to.equal(false);
    },
  );

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'the machine',
      title: "cannot learn names in root's folders or make root open special files",
      levels,
    },
    async ({ level }) => {
      const closed = join(hostFolder, 'closed');
      const isolated = new IsolatedJobs(level);
      jobs.push(isolated);
      const action = (main: string) => `name: a\nruns:\n  using: node20\n  main: ${main}\n`;
      const up = '../'.repeat(20);
      const repository = isolated.repository({
        'there/action.yml': action(`${up}${closed.slice(1)}/program`),
        'absent/action.yml': action(`${up}${closed.slice(1)}/nothing`),
      });
      const pipe = join(hostFolder, 'pipe');
      const waiting = spawn('sh', ['-c', 'mkfifo "$1" && echo made && echo >"$1"', 'sh', pipe]);
      await once(waiting.stdout, 'data');
      const looks = (name: string, folder: string) => `
- run: ':'
  shell: ${closed}/${name} {0}
  continue-on-error: true
- run: ':'
  working-directory: ${closed}/${folder}
  continue-on-error: true
- run: echo "::add-matcher::${closed}/${name}"
- uses: ./${name === 'program' ? 'there' : 'absent'}
  continue-on-error: true`;
      const { log, steps } = await isolated.steps(
        `
- uses: actions/checkout@v4
- run: ln -s ${closed} l; ln -s ${closed}/.dir d
- run: echo "\${{ hashFiles('l/.dir/**', 'd/**', '${closed}/**') }}"
  continue-on-error: true
- run: echo "::add-matcher::${pipe}"${looks('program', '.dir')}${looks('nothing', 'nowhere')}`,
        repository,
      );
      expect(waiting.exitCode, 'nobody has opened the pipe').to.equal(null);
      waiting.kill();
      const said = JSON.stringify(steps.map(({ annotations }) => annotations)) + log;
      expect(said).to.not.include('name-that-is-a-secret');
      const errors = log
        .split('\n')
        .filter((line) => line.startsWith('##[error]'))
        .map((line) => line.replaceAll(/program|nothing|\.dir|nowhere/g, 'NAME'));
      expect(errors.slice(-4), log).to.deep.equal(errors.slice(-8, -4)).and.to.have.lengthOf(4);
    },
  );
});
