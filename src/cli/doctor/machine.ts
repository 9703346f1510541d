import { ControlGroup, groupsRemedy, withoutGroups } from '../../exec/control-group.ts';
import { leaveNoCoreDumps } from '../../exec/core-size.ts';
import { detectGroupKind } from '../../exec/group-kind.ts';
import {
  levelMeanings,
  sandboxRemedy,
  settleIsolation,
  unaskedText,
  unfilteredText,
} from '../../exec/isolation-check.ts';
import { networkRemedy } from '../../exec/network/job-network.ts';
import { networksText, settleNetworks } from '../../exec/network/network-check.ts';
import { gitVersion } from '../../git/version.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import { networkPolicy } from '../../kernel/network-policy.ts';
import { runProgram } from '../../system/run-program.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** A program that does not answer within this many milliseconds counts as one that does not work. */
const patience = 5000;
const oldestNode = [20, 19] as const;

/** What the machine has of what Volt and its jobs need. */
export async function machineFindings(config: Config): Promise<Finding[]> {
  return [
    nodeFinding(process.versions.node),
    ...openedFindings(config),
    ...(await Promise.all([
      gitFinding(),
      groupKindFinding(),
      isolationFinding(config),
      networkFinding(config),
      limitsFinding(config),
      coreFinding(),
      engineFinding(),
    ])),
  ];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fit = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (fit) return ok('node', `version ${version}`);
  return fail('node', `version ${version} is too old`, `Install Node.js ${oldestNode.join('.')} or newer.`);
}

async function gitFinding(): Promise<Finding> {
  try {
    const version = await gitVersion();
    if (process.platform !== 'linux' || (await versionOf('flock')) !== undefined)
      return ok('git', `version ${version}`);
    return fail('git', 'flock of util-linux is not there, which keeps updates of mirrors apart', 'Install util-linux.');
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('git', message, remedy);
  }
}

/** How sure it is that nothing of a job outlives it. */
async function groupKindFinding(): Promise<Finding> {
  const kind = await detectGroupKind();
  if (kind !== 'group') return ok('containment', `each job runs in a PID namespace of its own (${kind})`);
  return warn(
    'containment',
    'each job runs in a process group only: a process that leaves it is found by a sweep, later',
    'Let this user make namespaces (root may; for others: sysctl kernel.unprivileged_userns_clone=1, util-linux installed).',
  );
}

/** How far jobs are kept apart from this machine, and what that does not keep out. */
async function isolationFinding({ isolation }: Config): Promise<Finding> {
  try {
    const { level, notice, isUnasked, filtersCalls } = await settleIsolation(isolation);
    if (isUnasked) return fail('isolation', `repositories by URL are not built: ${unaskedText}`, sandboxRemedy);
    if (level !== 'none' && !filtersCalls)
      return warn(
        'isolation',
        `${level}: ${levelMeanings[level]}; but ${unfilteredText}`,
        'Install a newer util-linux.',
      );
    const shared = level === 'sandbox' ? '; a job can read all of its own repository, commits of other refs too' : '';
    if (notice === undefined) return ok('isolation', `${level}: ${levelMeanings[level]}${shared}`);
    return warn('isolation', `${level}: ${levelMeanings[level]} (${notice})`, sandboxRemedy);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('isolation', message, remedy);
  }
}

/** What jobs can reach. */
async function networkFinding(config: Config): Promise<Finding> {
  try {
    const { level } = await settleIsolation(config.isolation);
    const networks = await settleNetworks(level, networkPolicy(config));
    const text = networksText(networks);
    if (networks.notice === undefined) return ok('network', text);
    return warn('network', `${text} (${networks.notice})`, networkRemedy);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('network', message, remedy);
  }
}

/** What the settings open to commits beside their own repository. */
export function openedFindings({
  machineCredentials,
  shareCredential,
  neighbours,
}: Pick<Config, 'machineCredentials' | 'shareCredential' | 'neighbours'>): Finding[] {
  const opened = [
    machineCredentials &&
      `the runner's own git credentials for ${machineCredentials}, on trusted refs (VOLT_MACHINE_CREDENTIALS)`,
    shareCredential === 'on' &&
      "a repository's credential for others at its server, on trusted refs (VOLT_SHARE_CREDENTIAL)",
    neighbours && `repositories at paths below ${neighbours} (VOLT_NEIGHBOURS)`,
  ].filter(Boolean);
  if (opened.length === 0) return [];
  const text = `a commit may use ${opened.join('; ')}`;
  return [warn('sources', text, 'Unset what no repository needs; docs/secrets.md says what each opens.')];
}

/** How what a job takes is counted, by this process; a service may be given more rights than whoever asks. */
async function limitsFinding({ isolation, jobMemory, jobProcesses }: Config): Promise<Finding> {
  const isGrouped = jobMemory > 0 && (await ControlGroup.isPossible());
  // without a group the system counts those of a user, and jobs that are not kept apart have Volt's own
  const level = await settleIsolation(isolation).then(
    (settled) => settled.level,
    () => 'none',
  );
  const isCounted = jobProcesses > 0 && (isGrouped || level !== 'none');
  const processes = isCounted ? `${jobProcesses} processes` : 'any number of processes';
  if (jobMemory === 0) return ok('limits', `a job may take any memory, and ${processes}`);
  const most = `a job may take ${jobMemory} MB of memory, and ${processes}`;
  if (isGrouped) return ok('limits', `${most}, counted together by a control group`);
  return warn('limits', `${most}, but ${withoutGroups}`, groupsRemedy);
}

/** Tried on this process: what runs of Volt does the same when it starts. */
async function coreFinding(): Promise<Finding> {
  if (await leaveNoCoreDumps()) return ok('core dumps', 'Volt leaves none when it crashes');
  return warn(
    'core dumps',
    'when Volt crashes, the system may keep its memory, with tokens and secrets, in a file',
    'Install util-linux (prlimit), or start Volt after `ulimit -c 0`.',
  );
}

async function engineFinding(): Promise<Finding> {
  const engines = (await Promise.all(['docker', 'podman'].map(versionOf))).filter((said) => said !== undefined);
  const found = engines.join(', ') || 'none';
  return ok('container engine', `${found}; needed only to run Volt itself in containers`);
}

/** The first line that the program says of its version, or undefined where it is not there. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    return (await runProgram(program, ['--version'], { timeout: patience })).trim().split('\n')[0];
  } catch {
    return undefined;
  }
}
