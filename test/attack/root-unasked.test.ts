import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { attack } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';

describe('a repository on a machine with root rights and without a sandbox', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  let repository: TestRepository;
  let server: GitOverHttp;
  let path: string;

  before(async function () {
    if (process.getuid?.() !== 0) return this.skip();
    repository = new TestRepository({ 'test.sh': 'echo "the job is $(id -u)"\n' });
    server = await GitOverHttp.start(dirname(repository.path), 'a', 'b');
    server.isOpen = () => true;
    path = folders.make();
    mkdirSync(path, { recursive: true });
    for (const folder of ['/usr/bin', '/usr/sbin'])
      for (const name of readdirSync(folder))
        if (name !== 'bwrap' && !existsSync(join(path, name))) symlinkSync(join(folder, name), join(path, name));
  });

  after(async () => {
    await processes.end();
    await server?.stop();
    repository?.remove();
    folders.remove();
  });

  async function build(repo: string, isolation: string): Promise<string> {
    const data = join(folders.make(), 'data');
    const args = ['up', '--repo', repo, '--command', './test.sh', '--once', '--port', '0', '--data', data];
    const up = processes.start(args, { PATH: path, VOLT_ISOLATION: isolation });
    await up.ended();
    return up.output;
  }

  const url = () => server.url(`${repository.path.split('/').at(-1)}`);

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'the machine',
      title: 'cannot run its code with root rights without an explicit setting',
    },
    async () => {
      const said = await build(url(), 'auto');
      expect(said).to.include('this runner is root and has no sandbox').and.not.include('the job is 0');
      expect(await build(url(), 'none')).to.include('the job is 0');
      expect(await build(repository.path, 'auto'))
        .to.include('the job is 0')
        .and.include('no sandbox works here');
    },
  );
});
