import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { newestBuild } from '../support/api.ts';
import { root } from '../support/bundle.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { until } from '../support/until.ts';

/** A block of commands from the page, and their output according to the page; `…` matches anything. */
interface Block {
  machine: string;
  commands: string;
  printed: string[];
}

interface Job {
  name: string;
  status: string;
}

function blocks(): Block[] {
  const page = readFileSync(join(root, 'docs/tutorial.md'), 'utf8');
  const found: Block[] = [];
  for (const [, kind, text = ''] of page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    const [, machine = '', commands = ''] = /^# (\w+).*?\n(.*)$/s.exec(text) ?? [];
    if (kind === 'sh') found.push({ machine, commands, printed: [] });
    else found.at(-1)?.printed.push(...text.trimEnd().split('\n'));
  }
  return found;
}

/** A pattern for lines in this order, with others in between. */
function inOrder(lines: string[]): RegExp {
  const patterns = lines.map((line) =>
    line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  );
  return new RegExp(patterns.map((pattern) => `^${pattern}`).join('[\\s\\S]*'), 'm');
}

function pick(values: NodeJS.ProcessEnv, names: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.test(name))) as Record<string, string>;
}

describe('docs/tutorial.md', function () {
  // npm fetches what its cache lacks
  this.timeout(300_000);
  const folders = new TestFolders();
  const home = folders.make();
  const served = folders.make();
  const running: ChildProcess[] = [];
  let server: GitOverHttp;
  let env: Record<string, string>;

  before(async () => {
    server = await GitOverHttp.start(served, 'nobody', 'none');
    server.isOpen = () => true;
    const tools = join(served, 'tools.git');
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', tools]);
    execFileSync('git', ['-C', tools, 'config', 'http.receivepack', 'true']);
    const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
    env = {
      // how this machine reaches the registry
      ...pick(process.env, /^(NODE_EXTRA_CA_CERTS|npm_config_registry|(HTTPS?|NO)_PROXY)$/i),
      HOME: home,
      PATH: `${home}/npm/bin:${process.env.PATH}`,
      ...{ npm_config_cache: cache, npm_config_prefer_offline: 'true', npm_config_prefix: `${home}/npm` },
      ...{ npm_config_ignore_scripts: 'true', npm_config_audit: 'false', npm_config_fund: 'false' },
      ...{ GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' },
      ...{ GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.org' },
      VOLT_HTTP_PORT: '0',
    };
    mkdirSync(join(home, 'npm'));
  });
  after(async () => {
    for (const child of running.reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
    await server.stop();
    folders.remove();
  });

  /** Runs commands as if a person pasted them; each must succeed. */
  async function run(commands: string, cwd = home): Promise<string> {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    const [code] = await once(child, 'close');
    expect(code, `${commands}\n${output}`).to.equal(0);
    return output;
  }

  /** Starts a command that runs until it is stopped. */
  async function start(commands: string, ready: RegExp): Promise<void> {
    const child = spawn(
      'bash',
      ['-euc', commands.replace(/^(.*\bvolt .*)$/m, (line) => line.replace(/^((?:\w+=\S+ )*)/, '$1exec '))],
      {
        cwd: home,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    await until(`${commands} is ready`, () => {
      if (child.exitCode !== null) throw new Error(`it has ended:\n${output}`);
      return ready.test(output);
    });
  }

  /** Waits until a repository's newest build has ended, except for jobs that no runner can take yet. */
  async function settled(repository: string, waiting: string[]): Promise<void> {
    const head = (await run(`git -C ~/${repository} rev-parse HEAD`)).trim();
    await until(
      `the build of ${repository}`,
      async () => {
        const { jobs = [] } = (await newestBuild(join(home, 'ci/.volt'), repository, { sha: head })) ?? {};
        const isOver = ({ name, status }: Job) =>
          !['waiting', 'queued', 'running'].includes(status) || waiting.includes(name);
        return jobs.length > 0 && jobs.every(isOver);
      },
      60_000,
    );
  }

  it('shows commands that run and print the shown output', async () => {
    let printed = '';
    let hasLaptop = false;
    for (const { machine, commands, printed: expected } of blocks()) {
      const text = commands.replaceAll('https://git.example.org/', server.url(''));
      if (/\bvolt up$/m.test(text)) await start(text, /watching/);
      else if (machine === 'laptop') {
        const key = /VOLT_RUNNER_KEY=\S+/.exec(printed)?.[0] ?? '';
        const [, address = '', port = ''] = /(redis:\/\/\S+@)[^:]+:(\d+)/.exec(printed) ?? [];
        const line = `${key} volt runner --redis ${address}127.0.0.1:${port} --name laptop --labels fast`;
        await start(text.replace(/^VOLT_RUNNER_KEY=.*$/m, line), /runner/);
        hasLaptop = true;
        await settled('tools', []);
      } else {
        printed = await run(text, /npm pack/.test(text) ? root : home);
        if (expected.length > 0) expect(printed, printed).to.match(inOrder(expected));
        const pushed = /^git clone --quiet \S+ ~\/(\w+)|^cd ~\/(\w+)\n[\s\S]*git push/m.exec(text);
        if (/git push/.test(text)) await settled(pushed?.[1] ?? pushed?.[2] ?? '', hasLaptop ? [] : ['speed']);
      }
    }
    const shown = await run('cd ~/ci; volt builds --json');
    const verdicts = JSON.parse(shown).builds.map(
      ({ repo, number, status }: Record<string, unknown>) => `${repo}#${number} ${status}`,
    );
    expect(verdicts).to.deep.equal([
      'tools#3 success',
      'tools#2 failure',
      'tools#1 success',
      'api#1 success',
      'shop#1 success',
    ]);
  });
});
