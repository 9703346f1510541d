import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { CommitStatus } from '../../src/forge/forge.ts';
import { forgeAt } from '../../src/forge/kinds.ts';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { programOn } from '../../src/system/search-path.ts';
import { FakeForge, forgeToken } from '../support/fake-forge.ts';
import { TestFolders } from '../support/folder.ts';

const execute = promisify(execFile);
const searchPath = jobEnvironment().PATH ?? '';
const sha = 'c'.repeat(40);

describe('the clients of forges', () => {
  const folders = new TestFolders();
  let fake: FakeForge | undefined;
  let bridge: Server | undefined;
  afterEach(async () => {
    if (bridge) await new Promise((resolve) => bridge?.close(resolve));
    bridge = undefined;
    await fake?.stop();
  });
  after(folders.remove);

  /** Volt sets two statuses: one that has changed, and one that has failed. */
  async function setStatuses(kind: ForgeKind): Promise<FakeForge> {
    const started = await FakeForge.start(kind);
    fake = started;
    const forge = forgeAt({ kind, api: started.api, token: forgeToken });
    const status: CommitStatus = {
      ...{ project: 'acme/app', sha, ref: 'refs/heads/topic', context: 'volt/push', state: 'pending' },
      ...{ description: 'Volt is testing this commit', url: 'https://ci.example.org/builds/7' },
    };
    await forge.setStatus(status);
    await forge.setStatus({ ...status, state: 'success', description: 'Passed in 3 s' });
    await forge.setStatus({ ...status, context: 'volt/pull-request', state: 'failure', description: 'Failed in test' });
    return started;
  }

  /** Runs a client in a home of its own. @param files by path in the home */
  async function run(program: string, args: string[], files: { [path: string]: string }, env: NodeJS.ProcessEnv) {
    const home = folders.make();
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(home, path, '..'), { recursive: true, mode: 0o700 });
      writeFileSync(join(home, path), text, { mode: 0o600 });
    }
    const own = { PATH: searchPath, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), NO_COLOR: '1' };
    const { stdout } = await execute(program, args, { cwd: home, env: { ...own, ...env }, timeout: 60_000 });
    return stdout;
  }

  it("read GitHub's statuses as Volt has set them", async function () {
    if (!programOn(searchPath, 'gh')) return this.skip();
    const { url } = await setStatuses('github');
    // gh speaks HTTP without TLS only through a socket of this kind
    const socket = join(folders.make(), 'forge.sock');
    bridge = createServer((client) => {
      const forge = new Socket().connect(Number(new URL(url).port), '127.0.0.1');
      client.pipe(forge).pipe(client);
      for (const end of [client, forge]) end.on('error', () => void [client, forge].map((each) => each.destroy()));
    });
    await new Promise<void>((resolve) => bridge?.listen(socket, resolve));
    const read = ['api', '--paginate', `repos/acme/app/commits/${sha}/statuses`];
    const shown = ['--jq', '.[] | [.context, .state, .description, .target_url] | join(" | ")'];
    const stdout = await run(
      'gh',
      [...read, ...shown],
      { '.config/gh/config.yml': `version: "1"\nhttp_unix_socket: ${socket}\n` },
      { GH_HOST: 'github.example.org', GH_ENTERPRISE_TOKEN: forgeToken },
    );
    expect(stdout.trim().split('\n')).to.deep.equal([
      'volt/pull-request | failure | Failed in test | https://ci.example.org/builds/7',
      'volt/push | success | Passed in 3 s | https://ci.example.org/builds/7',
      'volt/push | pending | Volt is testing this commit | https://ci.example.org/builds/7',
    ]);
  });

  it("read GitLab's statuses as Volt has set them", async function () {
    if (!programOn(searchPath, 'glab')) return this.skip();
    const { host } = new URL((await setStatuses('gitlab')).url);
    const stdout = await run(
      'glab',
      ['api', `projects/acme%2Fapp/repository/commits/${sha}/statuses`],
      {
        '.config/glab-cli/config.yml': `check_update: false\nhosts:\n  ${host}:\n    api_protocol: http\n    token: ${forgeToken}\n`,
      },
      { GITLAB_HOST: host },
    );
    const rows = JSON.parse(stdout) as { [name: string]: string }[];
    expect(rows.map(({ name, status, description, ref }) => [name, status, description, ref])).to.deep.equal([
      ['volt/pull-request', 'failed', 'Failed in test', 'topic'],
      ['volt/push', 'success', 'Passed in 3 s', 'topic'],
    ]);
  });
});
