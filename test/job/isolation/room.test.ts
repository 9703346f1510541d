import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommand } from '../../../src/exec/command.ts';
import { type Confinement, settleIsolation } from '../../../src/exec/isolation-check.ts';
import { Scope } from '../../../src/exec/scope.ts';
import { jobPlaces, openArea, removeLeftJobs } from '../../../src/job/isolation/places.ts';
import { type JobRoom, makeRoom } from '../../../src/job/isolation/room.ts';
import { loadConfig, type Overrides } from '../../../src/kernel/config.ts';
import { certificateFiles } from '../../../src/kernel/environment.ts';
import { repositoryKey } from '../../../src/kernel/names.ts';
import { ownTrust } from '../../../src/kernel/trust.ts';
import { TestFolders } from '../../support/folder.ts';
import { isIsolable } from '../../support/isolation.ts';

for (const level of ['sandbox', 'user'] as const) {
  describe(`what all jobs of a runner see under isolation ${level}`, function () {
    this.timeout(60_000);
    const folders = new TestFolders();
    const scopes: Scope[] = [];
    let confinement: Confinement;
    let dataDir: string;
    let shared: string;
    let count = 0;

    before(async function () {
      if (!(await isIsolable(level))) return this.skip();
      confinement = await settleIsolation(level);
    });
    beforeEach(() => {
      dataDir = folders.make();
      shared = jobPlaces(level, dataDir, 'box').shared;
    });
    afterEach(async () => {
      for (const scope of scopes.splice(0)) await scope.close();
      rmSync(openArea(dataDir), { recursive: true, force: true });
    });
    after(folders.remove);

    async function enter(overrides: Overrides = {}): Promise<{ room: JobRoom; scope: Scope }> {
      const config = loadConfig({ ...overrides, dataDir });
      const job = {
        repo: { name: 'app', url: '/nowhere/app' },
        trust: ownTrust,
        runner: 'box',
        name: `${++count}-1.1`,
      };
      const room = await makeRoom(config, confinement, { ...job, network: 'machine' });
      const scope = await Scope.open(3600, confinement.containment, { isolation: room.enclosure.isolation });
      scopes.push(scope);
      return { room, scope };
    }

    async function run(scope: Scope, script: string): Promise<string> {
      let said = '';
      const output = (chunk: Buffer) => {
        said += chunk;
      };
      const env = { PATH: process.env.PATH ?? '' };
      await runCommand({
        scope,
        argv: ['sh', '-c', script],
        cwd: '/',
        env,
        output,
        signal: new AbortController().signal,
      });
      return said;
    }

    const each = <T>(tell: (path: string) => T): Record<string, T> =>
      Object.fromEntries(readdirSync(shared).map((name) => [name, tell(join(shared, name))]));
    const files = () => each((path) => statSync(path).ino);
    const contents = () => each((path) => readFileSync(path, 'latin1'));

    it('is written once', async () => {
      await enter();
      const first = files();
      expect(Object.keys(first)).to.have.members([
        ...(confinement.filtersCalls ? ['calls.bpf'] : []),
        // those of the machine that runs the test
        ...certificateFiles
          .filter((name) => existsSync(process.env[name] ?? ''))
          .map((name) => `${name.toLowerCase()}.pem`),
        ...(level === 'sandbox'
          ? ['passwd', 'group'].map((file) => `${file}-${repositoryKey({ name: 'app', url: '/nowhere/app' })}+default`)
          : []),
      ]);
      const { room } = await enter();
      expect(files()).to.deep.equal(first);
      expect(readdirSync(room.folder)).to.have.members([
        ...['workspace', 'temp', 'actions', 'reports', 'tmp', 'var-tmp', 'commands'],
      ]);
    });

    it('has the certificates that the machine names, though nobody else may read their folder, and no key beside them', async () => {
      const block = (kind: string) => `-----BEGIN ${kind}-----\nMIIB\n-----END ${kind}-----\n`;
      const closed = folders.make();
      const file = join(closed, 'ca.pem');
      writeFileSync(file, `a note\n${block('CERTIFICATE')}${block('PRIVATE KEY')}`, { mode: 0o600 });
      chmodSync(closed, 0o700);
      const names = { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file, PIP_CERT: join(closed, 'none.pem') };
      const former = { ...process.env };
      Object.assign(process.env, names);
      try {
        const { room, scope } = await enter();
        const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, PIP_CERT } = room.env;
        expect(await run(scope, `cat ${NODE_EXTRA_CA_CERTS} ${SSL_CERT_FILE}`)).to.equal(
          block('CERTIFICATE').repeat(2),
        );
        expect(PIP_CERT).to.equal(names.PIP_CERT);
      } finally {
        for (const name of Object.keys(names)) delete process.env[name];
        Object.assign(process.env, former);
      }
    });

    it('is what it should be again for the next job', async () => {
      await enter();
      const right = contents();
      for (const name of Object.keys(right)) writeFileSync(join(shared, name), 'of before the machine was changed');
      await enter();
      expect(contents()).to.deep.equal(right);
    });

    if (level === 'sandbox')
      it('names the users and groups of the machine, and the job in the place of whoever has its number', async () => {
        // of somebody who is in both lists
        const { room, scope } = await enter(process.getuid?.() === 0 ? { jobUser: 'nobody' } : {});
        const { isolation } = room.enclosure;
        if (isolation.level === 'none') throw new Error('it is not kept apart');
        const { uid, gid } = isolation.user;
        for (const [file, number, own] of [
          ['/etc/passwd', uid, `volt:x:${uid}:${gid}:Job of Volt:${room.env.HOME}:/bin/sh`],
          ['/etc/group', gid, `volt:x:${gid}:`],
        ] as const) {
          const others = readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line.split(':')[2] !== `${number}`);
          expect(await run(scope, `cat ${file}`)).to.equal([own, ...others].join('\n'));
        }
      });

    if (level === 'sandbox')
      it('stays as it was for a job that runs', async function () {
        if (process.getuid?.() !== 0) return this.skip();
        const { room, scope: early } = await enter();
        const { isolation } = room.enclosure;
        const { scope: late } = await enter({ jobUser: '54321' });
        const look = 'getent passwd volt | cut -d: -f3';
        expect(await run(late, look)).to.equal('54321\n');
        expect(await run(early, look)).to.equal(`${isolation.level !== 'none' && isolation.user.uid}\n`);
      });

    it('cannot be changed by them', async () => {
      const { scope } = await enter();
      const before = [files(), contents(), each((path) => statSync(path).mode)];
      const paths = Object.keys(files()).map((name) => join(shared, name));
      const said = await run(
        scope,
        `for each in ${paths.join(' ')} /etc/passwd /etc/group; do
          chmod 666 $each; echo evil >> $each; mv $each /tmp/mine; rm -f $each; ln -sf /dev/null $each
        done; touch ${shared}/planted; chmod 777 ${shared}; mv ${shared} /tmp/theirs; echo done`,
      );
      expect(said).to.match(/done\n$/);
      expect([files(), contents(), each((path) => statSync(path).mode)]).to.deep.equal(before);
    });

    if (level === 'sandbox')
      it('has nothing of the settings of services, nor of a record in a folder that it is shown', async () => {
        const shown = folders.make();
        const record = join(shown, 'volt.db');
        for (const end of ['', '-wal', '-shm'])
          writeFileSync(`${record}${end}`, 'secret of the record', { mode: 0o644 });
        writeFileSync(join(shown, 'fixture'), 'for jobs', { mode: 0o644 });
        chmodSync(shown, 0o755);
        const { room, scope } = await enter({ databaseUrl: `sqlite:${record}`, sandboxPaths: shown });
        const { isolation } = room.enclosure;
        expect(isolation.level === 'sandbox' && isolation.view.hidden).to.include('/etc/volt');
        const said = await run(scope, `cd ${shown} && cat * ; ls /etc/volt; true`);
        expect(said).to.include('for jobs').and.not.include('secret');
      });

    if (level === 'user')
      it('keeps the folder of a job to itself, though another has its user and knows where it is', async () => {
        const [mine, theirs] = [await enter(), await enter()];
        const { isolation } = mine.room.enclosure;
        const other = theirs.room.enclosure.isolation;
        expect(isolation.level !== 'none' && isolation.user).to.deep.equal(other.level !== 'none' && other.user);
        const look = `ls ${mine.room.folder}/workspace && touch ${mine.room.folder}/workspace/here && echo done`;
        expect(await run(mine.scope, look)).to.include('done');
        expect(await run(theirs.scope, `(${look}; ls ${join(mine.room.folder, '..')}) 2>/dev/null`))
          .to.not.include('done')
          .and.not.include(mine.room.folder.split('/').at(-1));
        expect(mine.room.folder).to.match(/-[0-9a-f]{16}$/);
      });

    it('goes when the runner is gone', async () => {
      await enter();
      await removeLeftJobs(dataDir, 'box');
      expect(existsSync(shared)).to.equal(false);
    });
  });
}
