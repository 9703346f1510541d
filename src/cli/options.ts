import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig, type Overrides } from '../kernel/config.ts';
import {
  type PullRequestCheckout,
  type PullRequestMode,
  pullRequestCheckouts,
  pullRequestModes,
} from '../kernel/pull-request.ts';

/** Options of every command, before or after its name. */
interface GlobalOptions {
  redis?: string;
  data?: string;
}

/** The settings. The command line overrides the environment, which overrides the command's own defaults. */
export function configOf(command: Command, overrides: Overrides = {}, defaults: Overrides = {}): Config {
  const { redis, data } = command.optsWithGlobals<GlobalOptions>();
  return loadConfig({ redisUrl: redis, dataDir: data, ...overrides }, defaults);
}

/** What of a repository is built, and how. */
export interface WatchOptions {
  branch?: string[];
  /** false for `--no-tags` */
  tags?: string[] | false;
  poll?: number;
  commits?: 'every' | 'latest';
  command?: string;
  /** false for `--no-project` */
  project?: { [name: string]: string } | false;
  pullRequests?: PullRequestMode;
  /** false for `--no-pull-request-refs` */
  pullRequestRefs?: string | false;
  pullRequestCheckout?: PullRequestCheckout;
  pullRequestRebuild?: boolean;
  /** false for `--no-pull-request-labels` */
  pullRequestLabels?: string[] | false;
}

/** @param defaults that the help shows */
export function addWatchOptions(command: Command, defaults: Pick<WatchOptions, 'poll' | 'commits'> = {}): Command {
  return command
    .option('--branch <glob>', 'build these branches, else the default branch; may be repeated', collect)
    .option('--tags <glob>', 'build new tags that match; may be repeated', collect)
    .option('--poll <seconds>', 'poll for new commits this often', number(0.5, 86_400), defaults.poll)
    .addOption(
      new Option('--commits <which>', 'build every new commit, or only the latest at each poll')
        .choices(['every', 'latest'])
        .default(defaults.commits),
    )
    .option('--command <command>', 'run this shell command instead of workflows or discovered tests')
    .option(
      '--project <name=address>',
      'link its pages at an unknown forge: cgit=https://git.example.org/app, or commit=https://git.example.org/{commit}; may be repeated',
      namedValue,
    )
    .addOption(
      new Option(
        '--pull-requests [whose]',
        'build pull requests: same (from branches of the repository itself), approved (what this option means alone: also from forks, once a person approves), all, or none, as without it',
      )
        .choices([...pullRequestModes])
        .preset('approved'),
    )
    .option('--pull-request-refs <pattern>', 'their refs at an unknown forge, "*" is the number: refs/mr/*/head')
    .addOption(
      new Option(
        '--pull-request-checkout <what>',
        'test their merge with the base branch, or their head alone',
      ).choices([...pullRequestCheckouts]),
    )
    .option('--pull-request-rebuild', 'build pull requests again when their base branch has moved')
    .option('--pull-request-labels <a,b>', 'their jobs may ask only for runners with these labels; may have "*"', list);
}

/** Options of the commands that watch repositories. */
export interface RepositoryOptions extends WatchOptions {
  repo?: string[];
}

export function addRepositoryOptions(command: Command): Command {
  command.option('--repo <[name=]url>', 'watch this repository, a path or any git URL; may be repeated', collect);
  return addWatchOptions(command, { poll: 5, commits: 'every' });
}

/** Option of the commands that run jobs. */
export function isolationOption(): Option {
  return new Option('--isolation <level>', 'how jobs are isolated from the machine, else VOLT_ISOLATION').choices([
    ...['auto', 'none', 'user', 'sandbox', 'container'],
  ]);
}

/** What the owner of a machine lets containers do, as given to the commands that run jobs. */
export interface ContainerRightsOptions {
  allowPrivileged?: string[];
  allowVolumes?: string[];
  allowBuilds?: string[];
  allowImages?: string[];
}

export function addContainerRights(command: Command): Command {
  const repositories = 'containers of these repositories may';
  return command
    .option(
      '--allow-privileged <glob>',
      `${repositories} have rights on this machine, on trusted refs, else VOLT_ALLOW_PRIVILEGED; may be repeated`,
      collect,
    )
    .option(
      '--allow-volumes <glob>',
      `${repositories} have paths of this machine, on trusted refs, else VOLT_ALLOW_VOLUMES; may be repeated`,
      collect,
    )
    .option(
      '--allow-builds <glob>',
      'jobs of these repositories may build images by their own commands, on trusted refs, else VOLT_ALLOW_BUILDS; may be repeated',
      collect,
    )
    .option('--allow-images <glob>', 'allow only these images, else VOLT_ALLOW_IMAGES; may be repeated', collect);
}

/** The settings that the options replace. */
export function containerRightsOf({
  allowPrivileged,
  allowVolumes,
  allowBuilds,
  allowImages,
}: ContainerRightsOptions): Pick<Overrides, 'allowPrivileged' | 'allowVolumes' | 'allowBuilds' | 'allowImages'> {
  return {
    allowPrivileged: allowPrivileged?.join(','),
    allowVolumes: allowVolumes?.join(','),
    allowBuilds: allowBuilds?.join(','),
    allowImages: allowImages?.join(','),
  };
}

/** Option of the commands that run jobs. */
export function imageOption(): Option {
  return new Option(
    '--image <[label=]image>',
    'run jobs that name no image in this one, or those that ask for the label, else VOLT_RUNNER_IMAGES; may be repeated',
  ).argParser(collect);
}

export function jsonOption(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** For options that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** For options of the form `name=value` that may be repeated. */
export function namedValue(text: string, before: { [name: string]: string } = {}): { [name: string]: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** For options that take a list with commas and may be repeated. */
export function list(value: string, before: string[] = []): string[] {
  return [...before, ...value.split(',')];
}

export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

export function integer(least: number, most: number): (text: string) => number {
  const parse = number(least, most);
  return (text) => {
    const value = parse(text);
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
