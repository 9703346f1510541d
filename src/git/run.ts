import { toolEnvironment } from '../kernel/environment.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { type Access, type ConfigEntry, configuration, lend } from './access.ts';
import { type GitRunner, ownRunner } from './command.ts';

export interface GitOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds without a sign of life from git after which it is ended. */
  silence?: number;
  /** Milliseconds after which git is ended, whatever it does. */
  bound?: number;
  /** for a command that speaks with the repository's remote */
  access?: Access | undefined;
  /** is told how far git has come, in its own words, such as `Receiving objects:  45% (450/1000)` */
  progress?: ((line: string) => void) | undefined;
  /** is told what git warns of, line by line */
  warning?: ((line: string) => void) | undefined;
  /** whether git may fetch what a partial clone of a person's lacks; from a mirror only what is asked for is fetched */
  lazy?: boolean;
  /** of git's configuration, for this command alone; goes before all files */
  config?: readonly ConfigEntry[];
  /**
   * a file of which git has a shared lock itself, which lasts as long as git and what it starts, also without this process;
   * shared, since a daemon of a credential helper's may have it for long
   */
  lock?: string | undefined;
  /** what runs the command, else this process does */
  runner?: GitRunner | undefined;
}

/** git ends after this long (ms) without output: a remote that hangs must not hold anything up for ever. */
const defaultSilence = 60_000;
/** git ends after this long (ms) in any case: a remote may also send a byte each minute. */
const defaultBound = 3 * 3_600_000;

/**
 * Nothing may ask a question: there is nobody to answer. Only these transports are spoken; `ext::` would run commands.
 * What the user's own configuration says about credentials, proxies and certificates counts.
 */
const environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'true',
  SSH_ASKPASS: 'true',
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
  GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
  LC_ALL: 'C',
};

/** Of git 2.45 and newer; an older one may ask the remote for what is not here, without a credential. */
const eager = { GIT_NO_LAZY_FETCH: '1' };

/**
 * Runs one git command and gives back what it prints.
 * @param cwd folder that exists
 * @param args without "git"; text from outside follows a "--" or has been validated
 * @throws VoltError `git_missing`, `git_failed` with git's own words as the message
 */
export async function git(cwd: string, args: string[], options: GitOptions = {}): Promise<string> {
  return lend(options.access, async ({ environment: own, config: granted, hidden }) => {
    const config = configuration([...(options.config ?? []), ...granted]);
    const { runner = ownRunner, silence = defaultSilence, bound = defaultBound } = options;
    // macOS and the BSDs have no flock(1)
    const lock = process.platform === 'linux' ? options.lock : undefined;
    const env = { ...toolEnvironment(), ...environment, ...(!options.lazy && eager), ...own, ...config };
    try {
      return await runner({ cwd, args, env, silence, bound, lock }, options);
    } catch (error) {
      throw gitError(args[0] ?? '', error, hidden);
    }
  });
}

function gitError(command: string, error: unknown, hidden: readonly string[]): VoltError {
  const text = errorText(error);
  // as Node says it, and flock(1)
  if (/spawn git ENOENT|failed to execute git:/.test(text)) {
    return new VoltError('git_missing', 'there is no git on this machine', {
      remedy: 'Install git (Debian, Ubuntu: apt-get install git).',
      cause: error,
    });
  }
  const silent = /block timeout reached/.test(text) ? 'git has not moved for too long and was ended' : undefined;
  const said = silent ?? text;
  const words = hideCredentials(hidden.reduce((rest, part) => rest.replaceAll(part, '***'), said));
  return new VoltError('git_failed', `git ${command}: ${words.trim()}`, { remedy: remedyFor(words) });
}

function remedyFor(text: string): string {
  if (/dubious ownership/.test(text)) {
    return 'Run Volt as the owner of the repository, or allow it: git config --global --add safe.directory <path>.';
  }
  if (/Permission denied \(|Authentication failed|could not read Username|terminal prompts disabled/.test(text)) {
    return "Give Volt a credential for it (`volt credential set --help`), or this machine's user access: a credential helper for https, or a key in ~/.ssh.";
  }
  if (/Host key verification failed/.test(text)) {
    return 'The server shows another key than the one that is known, or none is known. See that it is the right server, then set the credential again (`volt credential set --help`), or add the key to ~/.ssh/known_hosts.';
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
