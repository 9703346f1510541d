import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { startChild, type TestChild } from '../../support/child.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import { longSleep, processesWith } from '../../support/seen-processes.ts';

for (const level of ['sandbox', 'user'] as const) {
  describe(`a hostile job under isolation ${level}`, function () {
    this.timeout(120_000);
    /** a secret of Volt */
    const secret = `hunter-${randomUUID()}`;
    let jobs: IsolatedJobs;
    let other: TestChild;

    before(async function () {
      if (!(await isIsolable(level))) this.skip();
      jobs = new IsolatedJobs(level);
      // a process of Volt with the secret
      other = startChild(`console.log('here'); setInterval(() => {}, 1000)`, { env: { KNOWN: secret } });
      await other.line();
    });
    after(async () => {
      await other?.kill();
      jobs?.clean();
    });

    /** Puts the secret into files of Volt. @returns their paths */
    function plant(): string[] {
      const { dataDir } = jobs;
      const files = [
        'token',
        'secrets.key',
        'volt.db',
        'redis/url',
        'work/box/spool/9-1.1.log',
        'mirrors/other.git/HEAD',
      ];
      return [...files, 'work/box/jobs/9-1.1/workspace/code.ts', 'homes/other/.netrc'].map((name) => {
        const file = join(dataDir, name);
        mkdirSync(join(file, '..'), { recursive: true });
        writeFileSync(file, `${secret}\n`);
        return file;
      });
    }

    it("cannot read Volt's files", async () => {
      const files = plant();
      const { log, outcome } = await jobs.command(
        `cat ${files.join(' ')}; ls -R ${jobs.dataDir}; grep -rs hunter- ${jobs.dataDir} /dev/shm; true`,
      );
      expect(outcome.status).to.equal('success');
      expect(log).to.include('cat: ').and.not.include(secret);
    });

    it('cannot see the processes, memory and environment of Volt', async () => {
      const { log } = await jobs.command(
        `cat /proc/${other.pid}/environ /proc/${process.pid}/environ; head -c 9 /proc/${other.pid}/mem; cat /proc/*/environ | tr '\\0' '\\n'; ls /proc | grep -c '^[0-9]' `,
      );
      expect(log).to.include('No such file').and.not.include(secret);
    });

    it('can signal only its own processes', async () => {
      const { outcome } = await jobs.command(`kill -9 ${other.pid} ${process.pid}; kill -9 -1; false`);
      expect(outcome).to.include({ status: 'failure', reason: 'exit_code' });
      process.kill(other.pid, 0);
    });

    it('has no rights of root and cannot get any', async () => {
      const { log } = await jobs.command(
        'id -u; grep -E "^(CapEff|NoNewPrivs)" /proc/self/status; su -c id </dev/null; mount -t tmpfs none /tmp; cat /etc/shadow; echo 1 >/proc/sys/kernel/sysrq; true',
      );
      expect(log)
        .to.match(/CapEff:\s+0+\n/)
        .and.match(/NoNewPrivs:\s+1/)
        .and.not.include('uid=0');
      if (process.getuid?.() === 0)
        expect(log)
          .to.not.match(/\$ id -u.*\n0\n/)
          .and.not.match(/^root:[^x*]/m);
    });

    it('can open its own output by name, as in echo >/dev/stderr', async () => {
      const { log, outcome } = await jobs.command('echo one >/dev/stdout; echo two | tee /dev/stderr >/dev/null');
      expect(outcome.status, log).to.equal('success');
      expect(log).to.include('\none\n').and.include('\ntwo\n');
    });

    it('leaves nothing running behind', async () => {
      const sleep = longSleep();
      await jobs.command(`setsid nohup sh -c 'trap "" TERM HUP; sleep ${sleep}; :' >/dev/null 2>&1 & sleep 0.1`);
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    it('writes nothing outside of its own folders', async () => {
      const places = ['/etc', '/usr', '/opt', '/', jobs.dataDir, join(jobs.dataDir, 'homes'), process.cwd()];
      const name = `planted-${randomUUID()}`;
      await jobs.command(places.map((place) => `touch ${place}/${name}`).join('; '));
      for (const place of places) expect(existsSync(join(place, name)), place).to.equal(false);
    });

    it('cannot make the programs that start its steps do something for it', async () => {
      const loot = join(jobs.dataDir, 'loot');
      mkdirSync(loot);
      const { outcome, log } = await jobs.steps(`
- run: |
    mkdir bin
    for name in nsenter setpriv setsid bash unshare git find rm; do
      printf '#!/bin/sh\\ntouch ${loot}/%s; exec /usr/bin/%s "$@"\\n' $name $name > bin/$name
      chmod +x bin/$name
    done
    echo "$PWD/bin" >> $GITHUB_PATH
    # what any program that is linked to the C library writes down
    echo LD_DEBUG=libs >> $GITHUB_ENV
    echo LD_DEBUG_OUTPUT=${loot}/linked >> $GITHUB_ENV
    echo "touch ${loot}/bash_env 2>/dev/null" > bash_env; echo BASH_ENV=$PWD/bash_env >> $GITHUB_ENV
- run: 'true'
- uses: actions/checkout@v4
- run: 'true'
`);
      // the variable does reach the command itself
      expect(log).to.include('transferring control: ');
      expect(outcome.status, log).to.equal('success');
      expect(readdirSync(loot)).to.deep.equal([]);
    });

    it('cannot make git run something with the rights of Volt, whatever it planted in the work tree', async () => {
      const loot = join(jobs.dataDir, 'loot-of-git');
      const { outcome, log } = await jobs.steps(`
- uses: actions/checkout@v4
- run: |
    printf '#!/bin/sh\\ntouch ${loot}\\n' > $RUNNER_TEMP/evil; chmod +x $RUNNER_TEMP/evil; cp $RUNNER_TEMP/evil evil
    for key in core.fsmonitor core.sshCommand core.pager core.editor credential.helper filter.x.smudge filter.x.process uploadpack.packObjectsHook; do
      git config $key "$PWD/evil"
    done
    git config core.hooksPath "$PWD"
    for hook in post-checkout reference-transaction post-index-change; do cp evil $hook; cp evil .git/hooks/$hook 2>/dev/null || true; done
    echo '* filter=x' > .gitattributes
- uses: actions/checkout@v4
- run: git config core.fsmonitor && exit 1 || git status --porcelain
- run: git config core.fsmonitor "$PWD/evil"; echo kept > kept
- uses: actions/checkout@v4
  with: { clean: false }
- run: cat kept a.txt
`);
      expect(existsSync(loot), log).to.equal(false);
      expect(outcome, log).to.include({ status: 'success' });
    });

    it('cannot redirect a checkout with links', async () => {
      const outside = join(jobs.dataDir, 'outside');
      mkdirSync(outside);
      writeFileSync(join(outside, 'mine'), 'mine\n');
      for (const target of [outside, '/etc', '..']) {
        const { outcome } = await jobs.steps(`
- run: ln -s ${target} sub
- uses: actions/checkout@v4
  with: { path: sub/deep }
`);
        expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
      }
      // the link itself is removed, not its target
      await jobs.steps(`
- run: ln -s ${outside} .git; ln -s ${outside} other
- uses: actions/checkout@v4
- run: test ! -L .git && test ! -e other && git status
`);
      expect(readdirSync(outside)).to.deep.equal(['mine']);
    });

    it('cannot make Volt read through links, pipes or devices', async () => {
      plant();
      const token = join(jobs.dataDir, 'token');
      writeFileSync(token, `<testsuite><testcase name="${secret}"/></testsuite>`);
      const { log, steps, tests, outputs } = await jobs.steps(`
- run: |
    mkdir reports
    ln -s ${token} reports/junit.xml; ln -s /dev/zero reports/TEST-zero.xml; mkfifo reports/TEST-pipe.xml
    rm "$GITHUB_STEP_SUMMARY" && ln -s ${token} "$GITHUB_STEP_SUMMARY" || ln -sf ${token} "$GITHUB_STEP_SUMMARY"
  continue-on-error: true
- run: |
    echo "hash=\${{ hashFiles('reports/*') }}"
    mv "$GITHUB_OUTPUT" "$RUNNER_TEMP/x"; mkfifo "$GITHUB_OUTPUT"
  continue-on-error: true
- run: echo done
`);
      expect(log).to.include('hash=\n').and.include('done');
      expect(JSON.stringify({ log, steps, tests, outputs })).to.not.include(secret);
    });

    it('shares its home with jobs of its repository, and nothing with others', async () => {
      const [mine, theirs] = [jobs.repository(), jobs.repository()];
      await jobs.command('echo mine > ~/note; echo tool > "$HOME/tool"', mine, 'mine');
      const again = await jobs.command('cat ~/note', mine, 'mine');
      expect(again.log).to.include('\nmine\n');
      const { log } = await jobs.command(
        `cat ~/note; cat ${again.workspace.env.HOME}/note; ls ${again.workspace.env.HOME}`,
        theirs,
        'theirs',
      );
      expect(log).to.not.include('\nmine\n').and.not.include('\ntool\n');
      expect(readFileSync(join(again.workspace.env.HOME as string, 'note'), 'utf8')).to.equal('mine\n');
    });
  });
}

for (const level of ['sandbox', 'user'] as const) {
  describe(`the network of a job under isolation ${level}`, function () {
    this.timeout(60_000);
    let server: Server;
    let port: number;

    before(async function () {
      if (!(await isIsolable(level))) this.skip();
      server = createServer((socket) => socket.end('hello\n'));
      await new Promise<void>((resolve) => server.listen(0, resolve));
      port = (server.address() as { port: number }).port;
    });
    after(() => server?.close());

    const connect = `const to = (host, port) => require('net').connect(port, host).on('data', (d) => console.log('got ' + d)).on('error', (e) => console.log('none: ' + e.code));`;

    it('is only a loopback with VOLT_SANDBOX_NETWORK=off', async () => {
      const jobs = new IsolatedJobs(level, { sandboxNetwork: 'off' });
      const own = `require('net').createServer((s) => s.end('mine')).listen(4000, () => to('127.0.0.1', 4000).on('end', () => process.exit()))`;
      const { log } = await jobs.command(`node -e "${connect} to('127.0.0.1', ${port}); ${own}"`);
      jobs.clean();
      expect(log).to.include('none: ECONNREFUSED').and.include('got mine').and.not.include('got hello');
    });
  });
}
