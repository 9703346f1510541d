import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { VoltError } from '../../kernel/errors.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { runProgram } from '../../system/run-program.ts';
import { programPath } from '../programs.ts';
import { filterRules, refused, resolverRule, table } from './filter.ts';
import type { JobNetwork } from './job-network.ts';

/** Milliseconds. */
const patience = 30_000;

const isRoot = process.getuid?.() === 0;

/** Addresses of the network that the containers of a job share. */
export interface SharedNetwork {
  /** the machine's, of which only the resolver is reached */
  gateway: string;
  /** those of the job's containers, which reach each other */
  subnet: string;
  /** whether the resolver knows names other than those of the containers */
  resolvesAll: boolean;
}

/**
 * Gives another network namespace the rules of a job's network, so that what runs there reaches no more than the job does.
 * @param network `loopback` for a job that reaches nothing
 * @param pid a process in that namespace, which cannot change rules itself
 * @throws VoltError `isolation_unavailable`
 */
export async function shareRules(
  network: JobNetwork | 'loopback',
  pid: number,
  { gateway, subnet, resolvesAll }: SharedNetwork,
): Promise<void> {
  try {
    const rules = network === 'loopback' ? noRules : await rulesOf(network);
    // with a list of hosts, jobs have no resolver for other names
    const hasResolver = !resolvesAll || network === 'loopback' || !/\bset hosts4 /.test(rules);
    const first = [
      'ct state established,related accept',
      ...(hasResolver ? [resolverRule(gateway)] : []),
      `ip daddr ${gateway} ${refused}`,
      `ip daddr ${subnet} accept`,
    ];
    const inserted = first.reverse().map((rule) => `insert rule ${table} output ${rule}`);
    // becomes root of the container's user namespace
    const user = isRoot ? [] : ['--user'];
    await apply([...enter(pid, user), '-f', '-'], [rules, ...inserted, ''].join('\n'));
  } catch (error) {
    throw new VoltError('isolation_unavailable', `a container cannot get the rules of the job's network: ${error}`, {
      remedy:
        "Run the runner as root or with podman as the same user, and install nft. Without rules for jobs' networks (see docs/isolation.md) containers need none.",
      cause: error,
    });
  }
}

const noRules = filterRules({ trusted: false, listed: [], servers: [] });

/** @param user further options for the user namespace that the network belongs to, where Volt has no rights on others */
function enter(pid: number, user: readonly string[]): string[] {
  return [`--target=${pid}`, '--net', ...user, '--', programPath('nft')];
}

async function rulesOf({ pid }: JobNetwork): Promise<string> {
  const user = isRoot ? [] : ['--user', '--preserve-credentials'];
  const list = [...enter(pid, user), 'list', 'table', ...table.split(' ')];
  const rules = await runProgram(programPath('nsenter'), list, { timeout: patience });
  if (!/\bchain output /.test(rules)) throw new Error("the job's network has no rules");
  return rules;
}

async function apply(args: readonly string[], rules: string): Promise<void> {
  const child = spawn(programPath('nsenter'), args, {
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
