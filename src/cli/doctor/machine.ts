import { ControlGroup, groupsRemedy, withoutGroups } from '../../exec/control-group.ts';
import { leaveNoCoreDumps } from '../../exec/core-size.ts';
import { detectGroupKind } from '../../exec/group-kind.ts';
import {
  levelMeaning,
  levelName,
  sandboxRemedy,
  settleIsolation,
  unaskedText,
  unfilteredText,
} from '../../exec/isolation-check.ts';
import { networkRemedy } from '../../exec/network/job-network.ts';
import { networksText, settleNetworks } from '../../exec/network/network-check.ts';
import { gitVersion } from '../../git/command/version.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import { networkPolicy } from '../../kernel/network-policy.ts';
import { jobsCanBeAnybody, trustsThisMachine } from '../../kernel/proxy-sign-in.ts';
import { runProgram } from '../../system/run-program.ts';
import { buildsFinding } from './builds.ts';
import { engineFinding } from './engine.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Milliseconds after which a program that does not answer counts as broken. */
const versionTimeout = 5000;
const oldestNode = [20, 19] as const;

/** Checks what Volt and its jobs need of this machine. */
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
      engineFinding(config),
      buildsFinding(config),
    ])),
    // what fails is a finding of the isolation already
    ...(await proxyFindings(config).catch(() => [])),
  ];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isRecent = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isRecent) return ok('node', `version ${version}`);
  return fail('node', `version ${version} is too old`, `Install Node.js ${oldestNode.join('.')} or newer.`);
}

async function gitFinding(): Promise<Finding> {
  try {
    const version = await gitVersion();
    if (process.platform !== 'linux' || (await versionOf('flock')) !== undefined)
      return ok('git', `version ${version}`);
    return fail('git', 'flock is missing, with which Volt locks mirrors', 'Install util-linux.');
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('git', message, remedy);
  }
}

/** Checks how reliably Volt ends all processes of a job. */
async function groupKindFinding(): Promise<Finding> {
  const kind = await detectGroupKind();
  if (kind !== 'group') return ok('containment', `each job runs in its own PID namespace (${kind})`);
  return warn(
    'containment',
    'each job runs in a process group only: Volt finds a process that leaves the group later, by searching',
    'Let this user create namespaces: run as root, or install util-linux and set sysctl kernel.unprivileged_userns_clone=1.',
  );
}

/** Checks how far jobs are isolated from this machine. */
async function isolationFinding({ isolation }: Config): Promise<Finding> {
  try {
    const settled = await settleIsolation(isolation);
    const { level, inContainers, notice, isUnasked, filtersCalls } = settled;
    const text = `${levelName(settled)}: ${levelMeaning(settled)}`;
    if (isUnasked) return fail('isolation', `Volt does not build repositories by URL: ${unaskedText}`, sandboxRemedy);
    if (level !== 'none' && !filtersCalls)
      return warn('isolation', `${text}; but ${unfilteredText}`, 'Install a newer util-linux.');
    const shared =
      level === 'sandbox' && !inContainers ? '; a job can read all commits of its repository, also of other refs' : '';
    if (notice === undefined) return ok('isolation', `${text}${shared}`);
    return warn('isolation', `${text} (${notice})`, sandboxRemedy);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('isolation', message, remedy);
  }
}

/** Checks which networks jobs can reach. */
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

/** Checks whether jobs can pass for people whom a proxy signs in. */
async function proxyFindings(config: Config): Promise<Finding[]> {
  if (!trustsThisMachine(config)) return [];
  const { level, inContainers } = await settleIsolation(config.isolation);
  const { trusted } = await settleNetworks(level, networkPolicy(config));
  return trusted === 'machine' && !inContainers
    ? [warn('sign-in', jobsCanBeAnybody.message, jobsCanBeAnybody.remedy)]
    : [];
}

/** Names the settings that let commits use more than their own repository. */
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
  return [warn('sources', text, 'Unset what no repository needs, see docs/secrets.md.')];
}

/** Checks how the limits of a job are counted, with the rights of this process; a service may have more. */
async function limitsFinding({ isolation, jobMemory, jobProcesses }: Config): Promise<Finding> {
  const isGrouped = jobMemory > 0 && (await ControlGroup.isPossible());
  // without a control group the kernel counts the processes of a user, and jobs without isolation run as Volt's user
  const level = await settleIsolation(isolation).then(
    (settled) => settled.level,
    () => 'none',
  );
  const isCounted = jobProcesses > 0 && (isGrouped || level !== 'none');
  const processes = isCounted ? `${jobProcesses} processes` : 'any number of processes';
  if (jobMemory === 0) return ok('limits', `a job may use any amount of memory and ${processes}`);
  const most = `a job may use ${jobMemory} MB of memory and ${processes}`;
  if (isGrouped) return ok('limits', `${most}, counted together by a control group`);
  return warn('limits', `${most}, but ${withoutGroups}`, groupsRemedy);
}

/** Tries on this process what each stage does at its start. */
async function coreFinding(): Promise<Finding> {
  if (await leaveNoCoreDumps()) return ok('core dumps', 'Volt leaves none');
  return warn(
    'core dumps',
    'when Volt crashes, the system may write its memory with tokens and secrets to a file',
    'Install util-linux (prlimit), or start Volt after `ulimit -c 0`.',
  );
}

/** The first line of `PROGRAM --version`; undefined if it is not installed. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    return (await runProgram(program, ['--version'], { timeout: versionTimeout })).trim().split('\n')[0];
  } catch {
    return undefined;
  }
}
