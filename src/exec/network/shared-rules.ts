import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { VoltError } from '../../kernel/errors.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { runProgram } from '../../system/run-program.ts';
import { programPath } from '../programs.ts';
import { resolverRule, table } from './filter.ts';
import type { JobNetwork } from './job-network.ts';

/** Milliseconds. */
const patience = 30_000;

/**
 * Gives another network namespace the rules of a job's network, so that what runs there reaches no more than the job does.
 * @param pid a process in that namespace, which cannot change rules itself
 * @param gateway address of the machine in that network; only its resolver is reached
 * @throws VoltError `isolation_unavailable`
 */
export async function shareRules(network: JobNetwork, pid: number, gateway: string): Promise<void> {
  const enter = (target: number) => [`--target=${target}`, '--net', '--', programPath('nft')];
  try {
    const rules = await runProgram(
      programPath('nsenter'),
      [...enter(network.pid), 'list', 'table', ...table.split(' ')],
      {
        timeout: patience,
      },
    );
    const [, set] = /\bset (own4) /.exec(rules) ?? [];
    if (set === undefined) throw new Error("the job's network has no rules");
    // with a list of hosts, jobs have no resolver
    const resolver = /\bset hosts4 /.test(rules) ? '' : `insert rule ${table} output ${resolverRule(gateway)}\n`;
    await apply(enter(pid), `${rules}\nadd element ${table} ${set} { ${gateway} }\n${resolver}`);
  } catch (error) {
    throw new VoltError('isolation_unavailable', `a container cannot get the rules of the job's network: ${error}`, {
      remedy:
        "Run the runner as root, and install nft. Without rules for jobs' networks (see docs/isolation.md) containers need none.",
      cause: error,
    });
  }
}

async function apply(args: readonly string[], rules: string): Promise<void> {
  const child = spawn(programPath('nsenter'), [...args, '-f', '-'], {
    env: toolEnvironment(),
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: patience,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(rules);
  const [code, said] = await Promise.all([ended, text(child.stderr)]);
  if (code !== 0) throw new Error(said.trim().slice(0, 500) || `nft ended with code ${code}`);
}
