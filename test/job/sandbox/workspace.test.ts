import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommand } from '../../../src/exec/command.ts';
import { type SettledIsolation, settleIsolation } from '../../../src/exec/isolation-check.ts';
import { ProcessGroup } from '../../../src/exec/process-group.ts';
import { jobPaths, openArea, removeLeftJobs } from '../../../src/job/sandbox/job-paths.ts';
import { makeWorkspace, type Workspace } from '../../../src/job/sandbox/workspace.ts';
import { loadConfig, type Overrides } from '../../../src/kernel/config.ts';
import { repositoryKey } from '../../../src/kernel/names.ts';
import { ownTrust } from '../../../src/kernel/trust.ts';
import { certificateFiles } from '../../../src/system/environment.ts';
import { TestFolders } from '../../support/folder.ts';
import { isIsolable } from '../../support/isolation.ts';

for (const level of ['sandbox', 'user'] as const) {
  describe(`the shared files of jobs of a runner under isolation ${level}`, function () {
    this.timeout(60_000);
    const folders = new TestFolders();
    const opened: ProcessGroup[] = [];
    let settledIsolation: SettledIsolation;
    let dataDir: string;
    let shared: string;
    let count = 0;

    before(async function () {
      if (!(await isIsolable(level))) return this.skip();
      settledIsolation = await settleIsolation(level);
    });
    beforeEach(() => {
      dataDir = folders.make();
      shared = jobPaths(level, dataDir, 'box').shared;
    });
    afterEach(async () => {
      for (const processes of opened.splice(0)) await processes.close();
      rmSync(openArea(dataDir), { recursive: true, force: true });
    });
    after(folders.remove);

    async function enter(overrides: Overrides = {}): Promise<{ workspace: Workspace; processes: ProcessGroup }> {
      const config = loadConfig({ ...overrides, dataDir });
      const job = {
        repo: { name: 'app', url: '/nowhere/app' },
        trust: ownTrust,
        runner: 'box',
        name: `${++count}-1.1`,
      };
      const workspace = await makeWorkspace(config, settledIsolation, { ...job, network: 'machine' });
      const processes = await ProcessGroup.open(3600, settledIsolation.groupKind, {
        isolation: workspace.sandbox.isolation,
      });
      opened.push(processes);
      return { workspace, processes };
    }

    async function run(processes: ProcessGroup, script: string): Promise<string> {
      let said = '';
      const output = (chunk: Buffer) => {
        said += chunk;
      };
      const env = { PATH: process.env.PATH ?? '' };
      await runCommand({
        processes,
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

    it('are written once', async () => {
      await enter();
      const first = files();
      expect(Object.keys(first)).to.have.members([
        ...(settledIsolation.filtersCalls ? ['calls.bpf', 'root-calls.bpf'] : []),
        // from the machine that runs the test
        ...certificateFiles
          .filter((name) => existsSync(process.env[name] ?? ''))
          .map((name) => `${name.toLowerCase()}.pem`),
        ...(level === 'sandbox'
          ? ['passwd', 'group'].map((file) => `${file}-${repositoryKey({ name: 'app', url: '/nowhere/app' })}+default`)
          : []),
      ]);
      const { workspace } = await enter();
      expect(files()).to.deep.equal(first);
      expect(readdirSync(workspace.folder)).to.have.members([
        ...['workspace', 'temp', 'actions', 'reports', 'environment', 'tmp', 'var-tmp', 'commands'],
        ...['_github_home', '_github_workflow'],
      ]);
    });

    it('have the certificates that the environment names, even from a closed folder, and no keys from the same file', async () => {
      const block = (kind: string) => `-----BEGIN ${kind}-----\nMIIB\n-----END ${kind}-----\n`;
      const closed = folders.make();
      const file = join(closed, 'ca.pem');
      writeFileSync(file, `a note\n${block('CERTIFICATE')}${block('PRIVATE KEY')}`, { mode: 0o600 });
      chmodSync(closed, 0o700);
      const names = { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file, PIP_CERT: join(closed, 'none.pem') };
      const former = { ...process.env };
      Object.assign(process.env, names);
      try {
        const { workspace, processes } = await enter();
        const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, PIP_CERT } = workspace.env;
        expect(await run(processes, `cat ${NODE_EXTRA_CA_CERTS} ${SSL_CERT_FILE}`)).to.equal(
          block('CERTIFICATE').repeat(2),
        );
        expect(PIP_CERT).to.equal(names.PIP_CERT);
      } finally {
        for (const name of Object.keys(names)) delete process.env[name];
        Object.assign(process.env, former);
      }
    });

    it('are repaired for the next job', async () => {
      await enter();
      const right = contents();
      for (const name of Object.keys(right)) writeFileSync(join(shared, name), 'of before the machine was changed');
      await enter();
      expect(contents()).to.deep.equal(right);
    });

    if (level === 'sandbox')
      it("list the machine's users and groups, with the job instead of the owner of its id", async () => {
        // an id that is in both files
        const { workspace, processes } = await enter(process.getuid?.() === 0 ? { jobUser: 'nobody' } : {});
        const { isolation } = workspace.sandbox;
        if (isolation.level === 'none') throw new Error('it is not kept apart');
        const { uid, gid } = isolation.user;
        for (const [file, number, own] of [
          ['/etc/passwd', uid, `volt:x:${uid}:${gid}:Job of Volt:${workspace.env.HOME}:/bin/sh`],
          ['/etc/group', gid, `volt:x:${gid}:`],
        ] as const) {
          const others = readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line.split(':')[2] !== `${number}`);
          expect(await run(processes, `cat ${file}`)).to.equal([own, ...others].join('\n'));
        }
      });

    if (level === 'sandbox')
      it('stay unchanged for a running job', async function () {
        if (process.getuid?.() !== 0) return this.skip();
        const { workspace, processes: early } = await enter();
        const { isolation } = workspace.sandbox;
        const { processes: late } = await enter({ jobUser: '54321' });
        const look = 'getent passwd volt | cut -d: -f3';
        expect(await run(late, look)).to.equal('54321\n');
        expect(await run(early, look)).to.equal(`${isolation.level !== 'none' && isolation.user.uid}\n`);
      });

    it('cannot be changed by jobs', async () => {
      const { processes } = await enter();
      const before = [files(), contents(), each((path) => statSync(path).mode)];
      const paths = Object.keys(files()).map((name) => join(shared, name));
      const said = await run(
        processes,
        `for each in ${paths.join(' ')} /etc/passwd /etc/group; do
          chmod 666 $each; echo evil >> $each; mv $each /tmp/mine; rm -f $each; ln -sf /dev/null $each
        done; touch ${shared}/planted; chmod 777 ${shared}; mv ${shared} /tmp/theirs; echo done`,
      );
      expect(said).to.match(/done\n$/);
      expect([files(), contents(), each((path) => statSync(path).mode)]).to.deep.equal(before);
    });

    if (level === 'sandbox')
      it('hide settings of services and databases inside shown folders', async () => {
        const shown = folders.make();
        const record = join(shown, 'volt.db');
        for (const end of ['', '-wal', '-shm'])
          writeFileSync(`${record}${end}`, 'secret of the record', { mode: 0o644 });
        writeFileSync(join(shown, 'fixture'), 'for jobs', { mode: 0o644 });
        chmodSync(shown, 0o755);
        const { workspace, processes } = await enter({ databaseUrl: `sqlite:${record}`, sandboxPaths: shown });
        const { isolation } = workspace.sandbox;
        expect(isolation.level === 'sandbox' && isolation.view.hidden).to.include('/etc/volt');
        const said = await run(processes, `cd ${shown} && cat * ; ls /etc/volt; true`);
        expect(said).to.include('for jobs').and.not.include('secret');
      });

    if (level === 'user')
      it('do not include the folder of another job, even with the same user and a known path', async () => {
        const [mine, theirs] = [await enter(), await enter()];
        const { isolation } = mine.workspace.sandbox;
        const other = theirs.workspace.sandbox.isolation;
        expect(isolation.level !== 'none' && isolation.user).to.deep.equal(other.level !== 'none' && other.user);
        const look = `ls ${mine.workspace.folder}/workspace && touch ${mine.workspace.folder}/workspace/here && echo done`;
        expect(await run(mine.processes, look)).to.include('done');
        expect(await run(theirs.processes, `(${look}; ls ${join(mine.workspace.folder, '..')}) 2>/dev/null`))
          .to.not.include('done')
          .and.not.include(mine.workspace.folder.split('/').at(-1));
        expect(mine.workspace.folder).to.match(/-[0-9a-f]{16}$/);
      });

    it('are removed when the runner is gone', async () => {
      await enter();
      await removeLeftJobs(dataDir, 'box');
      expect(existsSync(shared)).to.equal(false);
    });
  });
}
