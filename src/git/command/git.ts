import { errorText, VoltError } from '../../kernel/errors.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { type Access, type ConfigEntry, configuration, withCredential } from '../access/credential-files.ts';
import {
  type UntrustedServer,
  untrustedBase,
  untrustedConfig,
  untrustedEnvironment,
} from '../access/untrusted-server.ts';
import type { Conversation } from './conversation.ts';
import type { OutputCount } from './counted-output.ts';
import { machineNetwork } from './machine-network.ts';
import { causeFirst, GitFailed } from './messages.ts';
import { type GitLimits, type GitRunner, ownRunner, printedTooMuch } from './runner.ts';

export interface GitOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds without output after which git is ended. */
  silence?: number;
  /** Milliseconds after which git is ended in any case. */
  bound?: number;
  /** for a command that connects to the repository's remote */
  access?: Access | undefined;
  /** for a command that connects to a server that a commit names */
  untrusted?: UntrustedServer | undefined;
  /** limits of the command, where it reads other people's objects */
  limits?: GitLimits | undefined;
  /** whether git ignores the configuration of the machine and its user, so that the result depends on the commit alone */
  plain?: boolean;
  /** see GitCommand */
  counted?: OutputCount;
  /** see GitCommand; its error is reported as one of `git ls-remote`, unless its answer is binary */
  conversation?: Conversation | undefined;
  /** bytes that it may print, where that is less than usual */
  mostOutput?: number;
  /** is called with git's progress, such as `Receiving objects:  45% (450/1000)` */
  progress?: ((line: string) => void) | undefined;
  /** is called with each warning of git */
  warning?: ((line: string) => void) | undefined;
  /** whether git may fetch missing objects of a person's partial clone; into a mirror only Volt fetches */
  lazy?: boolean;
  /** configuration for this command alone; overrides all files */
  config?: readonly ConfigEntry[];
  /**
   * descriptor of a lock that git inherits, so that the lock holds until git has ended, even when this process is killed;
   * the command then runs in this process
   */
  lock?: number | undefined;
  /** runs the command; missing for this process */
  runner?: GitRunner | undefined;
}

/** git ends after this long (ms) without output: a remote that hangs must not hold anything up for ever. */
const defaultSilence = 60_000;
/** git ends after this long (ms) in any case: a remote may also send a byte each minute. */
const defaultBound = 3 * 3_600_000;

const spoken = ['file', 'git', 'http', 'https', 'ssh'];

/**
 * Git must not ask a question, since nobody answers. Only these transports are allowed; `ext::` would run commands.
 * Credentials, proxies and certificates of the user's own configuration are used.
 */
const environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'true',
  SSH_ASKPASS: 'true',
  // a connection without an answer ends after a minute, even when Volt was killed and git waits alone
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=20',
  GIT_ALLOW_PROTOCOL: spoken.join(':'),
  LC_ALL: 'C',
};

/** The transports that git may use. */
export function allowedProtocols({ untrusted }: GitOptions): readonly string[] {
  return untrusted ? [untrusted.protocol] : spoken;
}

/** For git 2.45 and newer; an older git may ask the remote for missing objects, without a credential. */
const eager = { GIT_NO_LAZY_FETCH: '1' };

/** The options for a command that connects to no remote. */
export function withoutRemote<T extends GitOptions>({
  access: _,
  untrusted: __,
  ...options
}: T): Omit<T, 'access' | 'untrusted'> {
  return options;
}

/** Limits for data from a server that a commit names. */
const strangersMost = { memory: 1_073_741_824, fileSize: 17_179_869_184 };

function strangerLimits({ memory, fileSize }: GitLimits = {}): GitLimits {
  return {
    memory: Math.min(memory ?? strangersMost.memory, strangersMost.memory),
    fileSize: Math.min(fileSize ?? strangersMost.fileSize, strangersMost.fileSize),
  };
}

/**
 * Overrides all files, for every command: some people configure a path of hooks or of a monitor that is relative to the work
 * tree, which would run the commit's programs.
 */
const safety: readonly ConfigEntry[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
];

/** Where git ignores the user's configuration, it must still accept Volt's own folders of other owners. */
const ourFolders: readonly ConfigEntry[] = [['safe.directory', '*']];

/** For git 2.32 and newer; an older git reads the file in this HOME, which does not exist. */
const plain = {
  ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', HOME: '/nonexistent' },
  // the attributes of the machine, such as how lines end
  GIT_ATTR_NOSYSTEM: '1',
};

/**
 * Runs one git command and returns its output.
 * @param cwd folder that exists
 * @param args without "git"; text from outside follows a "--" or has been validated
 * @throws VoltError `git_missing`, `too_large` where it reaches a limit of memory, file size or output, `git_failed` with the
 * beginning of git's own messages
 */
export async function git(cwd: string, args: string[], options: GitOptions = {}): Promise<string> {
  return withCredential(options.access, async ({ environment: own, config: granted, hidden }) => {
    const { silence = defaultSilence, bound = defaultBound, untrusted } = options;
    const { lock, mostOutput, counted, conversation } = options;
    const runner = (lock === undefined && options.runner) || ownRunner;
    const limits = untrusted ? strangerLimits(options.limits) : options.limits;
    const untrustedEntries = untrusted ? [...(await machineNetwork(untrusted)), ...untrustedConfig(untrusted)] : [];
    const home = untrusted || options.plain ? ourFolders : [];
    const config = configuration([...safety, ...home, ...(options.config ?? []), ...untrustedEntries, ...granted]);
    const base = (untrusted && untrustedBase(untrusted)) ?? toolEnvironment();
    const apart = untrusted ? untrustedEnvironment(untrusted) : options.plain ? plain : {};
    const version = conversation && { GIT_PROTOCOL: 'version=2' };
    const env = { ...base, ...environment, ...(!options.lazy && eager), ...apart, ...own, ...config, ...version };
    try {
      const command = { cwd, args, env, silence, bound, lock, limits, mostOutput, counted, conversation };
      return await runner(command, options);
    } catch (error) {
      throw (
        (limits && limitMet(error, limits)) ??
        gitError(conversation && !conversation.isBinary ? 'ls-remote' : (args[0] ?? ''), error, {
          hidden,
          isStranger: untrusted !== undefined,
        })
      );
    }
  });
}

function limitMet(error: unknown, { memory, fileSize, fileSizeSetting }: GitLimits): VoltError | undefined {
  const text = errorText(error);
  if (memory !== undefined && /out of memory|cannot allocate memory|unable to create .*thread/i.test(text)) {
    return new VoltError('too_large', `git was ended: the repository needs more than ${sizeText(memory)} of memory`, {
      remedy: 'See which files or commits are that large; VOLT_GIT_MEMORY lets git take more.',
      cause: error,
    });
  }
  if (fileSize === undefined || !/file too large|signal 25|SIGXFSZ/i.test(text)) return undefined;
  return new VoltError('too_large', `git was ended: it wrote a file of more than ${sizeText(fileSize)}`, {
    remedy: `See which files of the commit are that large${fileSizeSetting ? `; ${fileSizeSetting} lets it write more` : ''}.`,
    cause: error,
  });
}

function gitError(
  command: string,
  error: unknown,
  { hidden, isStranger }: { hidden: readonly string[]; isStranger: boolean },
): VoltError {
  const text = errorText(error);
  if (text.startsWith(printedTooMuch)) {
    return new VoltError('too_large', `git ${command}: ${text}, which is more than Volt reads`, {
      remedy: 'See what there is so much of: branches and tags, files of workflows, or submodules.',
      cause: error,
    });
  }
  if (/exceeded maximum allowed tree depth/.test(text)) {
    return new VoltError('too_large', 'the commit has folders inside of each other deeper than git goes', {
      remedy: 'Take them out of the repository.',
      cause: error,
    });
  }
  // from Node, and from a shell
  if (/spawn git ENOENT|git: not found/.test(text)) {
    return new VoltError('git_missing', 'there is no git on this machine', {
      remedy: 'Install git (Debian, Ubuntu: apt-get install git).',
      cause: error,
    });
  }
  const silent = /block timeout reached/.test(text) ? 'git was silent for too long and was ended' : undefined;
  const said = silent ?? causeFirst(text);
  const words = hideCredentials(hidden.reduce((rest, part) => rest.replaceAll(part, '***'), said));
  return new GitFailed(command, words, remedyFor(words, isStranger));
}

const needsLogin = /Permission denied \(|Authentication failed|could not read Username|terminal prompts disabled/;

function remedyFor(text: string, isStranger: boolean): string {
  if (/dubious ownership/.test(text)) {
    return 'Run Volt as the owner of the repository, or allow it: git config --global --add safe.directory <path>.';
  }
  if (isStranger && needsLogin.test(text)) {
    return 'What a commit names is fetched without a credential. VOLT_SHARE_CREDENTIAL and VOLT_MACHINE_CREDENTIALS give one to jobs of trusted refs; docs/secrets.md tells more.';
  }
  if (needsLogin.test(text)) {
    return "Give Volt a credential for it (`volt credential set --help`), or this machine's user access: a credential helper for https, or a key in ~/.ssh.";
  }
  if (/Host key verification failed/.test(text)) {
    return 'The server shows another key than the one that is known, or none is known. See that it is the right server, then set the credential again (`volt credential set --help`), or add the key to ~/.ssh/known_hosts.';
  }
  if (/returned error: 30[1278]/.test(text)) {
    return 'The repository has moved, and Volt follows no redirects for what a commit names: name the address that it has now.';
  }
  if (
    /Could not resolve host|unable to access|Connection refused|Connection timed out|Network is unreachable/.test(text)
  ) {
    return 'See whether this machine reaches the host; git ls-remote <url> shows the same error.';
  }
  if (/does not (appear to be a git repository|exist)|not found|not a git repository/i.test(text)) {
    return 'See whether the address is right: git ls-remote <url> must list the branches.';
  }
  if (/No space left/.test(text)) return 'Free some disk space.';
  return 'Run the same git command by hand to see more.';
}
