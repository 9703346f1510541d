import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { evaluateAs } from '../../support/other-user.ts';

/** A user other than root. */
const uid = 60_577;

/** A program that opens a sandbox and runs the tests in it. */
const code = `
  import { mkdirSync, writeFileSync } from 'node:fs';
  import { settleIsolation, ownUser } from './src/exec/isolation-check.ts';
  import { runCommand } from './src/exec/command.ts';
  import { ProcessGroup } from './src/exec/process-group.ts';
  const base = process.argv.at(-1);
  const { level, groupKind, notice } = await settleIsolation('auto');
  if (level !== 'sandbox') { console.log('unavailable: ' + notice); process.exit(); }
  mkdirSync(base + '/own');
  writeFileSync(base + '/secret', 'canary');
  const own = { from: base + '/own', to: base + '/own' };
  const view = { readable: [], temporary: [], writable: [own], hidden: [] };
  const isolation = { level: 'sandbox', user: ownUser(), view };
  const processes = await ProcessGroup.open(600, groupKind, { isolation, limits: { processes: 40 } });
  const script = 'id -u; cat ../secret; touch mine && echo wrote; touch /x; echo opened >/dev/stdout;' +
    'cat /proc/1/environ /proc/1/mem; kill -9 1; grep -E "CapEff|NoNew" /proc/self/status; (for i in $(seq 90); do sleep 5 & done);' +
    'set -- /proc/[0-9]*; echo "there are $#"';
  const output = (chunk) => void process.stdout.write(chunk);
  const signal = new AbortController().signal;
  await runCommand({ processes, argv: ['sh', '-c', script], cwd: base + '/own', env: { PATH: process.env.PATH }, output, signal });
  await processes.close();
`;

describe('a sandbox of a user other than root', function () {
  this.timeout(60_000);

  it('shows only what it is given, gives no rights, and has limits', function () {
    if (process.getuid?.() !== 0) this.skip();
    const base = mkdtempSync(join(tmpdir(), 'volt-rootless-'));
    mkdirSync(join(base, 'home'));
    for (const folder of [base, join(base, 'home')]) chownSync(folder, uid, uid);
    const env = { PATH: process.env.PATH, HOME: join(base, 'home'), TMPDIR: join(base, 'home') };
    const log = evaluateAs({ uid, gid: uid }, code, base, env);
    rmSync(base, { recursive: true, force: true });
    if (log.startsWith('unavailable')) this.skip();
    expect(log)
      .to.match(new RegExp(`^${uid}\n`))
      .and.include('\nwrote\n')
      .and.include('\nopened\n');
    expect(log).to.not.include('canary').and.not.include('PATH=');
    expect(log)
      .to.match(/CapEff:\s+0+\n/)
      .and.match(/NoNewPrivs:\s+1/);
    expect(Number(/there are (\d+)/.exec(log)?.[1]))
      .to.be.greaterThan(20)
      .and.lessThan(60);
  });
});
