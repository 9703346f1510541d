import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { git } from '../command/git.ts';
import { messagesOf } from '../command/messages.ts';
import { checkRefName } from '../remote/ref-names.ts';
import { cachedWalk, cacheWalk } from './walk-cache.ts';

export interface CommitInfo {
  sha: string;
  subject: string;
  /** the message after its first paragraph, cut where it is very long */
  body: string;
  author: string;
  /** mail address of the author, as the commit says: anybody can write any; empty where it has none, or one of more than 254 characters */
  authorAddress: string;
  /** ISO 8601 */
  committedAt: string;
}

export interface CommitDetails {
  /** id of the first parent; empty for a commit without one */
  parent: string;
  /** the beginning of the message */
  text: string;
  /** value of the trailer `skip-checks` */
  skipChecks: string;
}

export interface NewCommits {
  /** ids of the newest commits, at most `limit`, oldest first */
  commits: readonly string[];
  /** number of older commits that are left out */
  passedOver: number;
  /** whether the ref was forced or made again, and does not descend from where it was */
  jumped: boolean;
}

/** An older Volt made this file in a mirror that it had not fetched the whole history of. */
export const cutShortMark = 'volt-short';

/** A repository without a work tree, for reading its history. */
export class BareRepository {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get isThere(): boolean {
    return existsSync(join(this.path, 'HEAD'));
  }

  /** Whether its history is cut off somewhere. */
  get isShallow(): boolean {
    return existsSync(join(this.path, 'shallow'));
  }

  /** Whether an older Volt fetched only a part of the history; the next update fetches the rest. */
  get isCutShort(): boolean {
    return existsSync(join(this.path, cutShortMark));
  }

  /** Whether files of its commits may be missing, since a filter left them out. */
  get isPartial(): boolean {
    return this.isThere && /^\tpromisor = true$/m.test(readFileSync(join(this.path, 'config'), 'utf8'));
  }

  /** The ids of the missing files of these commits or folders. */
  async missingFiles(objects: readonly string[]): Promise<string[]> {
    if (objects.length === 0 || !this.isPartial) return [];
    const flags = ['--objects', '--no-object-names', '--no-walk', '--missing=print'];
    const listed = await git(this.path, ['rev-list', ...flags, ...objects, '--']);
    return listed.split('\n').flatMap((line) => (line.startsWith('?') ? [line.slice(1)] : []));
  }

  /**
   * Whether a branch points to another commit by its own file, which overrides packed refs (gitrepository-layout(5)). This
   * starts no process; false where there is no such file.
   * @param ref full name that `isRefName` accepts
   */
  async isSeenElsewhere(ref: string, sha: string): Promise<boolean> {
    // an annotated tag has the id of its own object
    if (!ref.startsWith('refs/heads/')) return false;
    const text = await readFile(join(this.path, ref), 'latin1').catch(() => '');
    return /^[0-9a-f]{40,64}\n$/.test(text) && text.trim() !== sha;
  }

  async has(sha: string): Promise<boolean> {
    if (!this.isThere) return false;
    return git(this.path, ['rev-parse', '--verify', '--end-of-options', `${sha}^{commit}`]).then(
      () => true,
      () => false,
    );
  }

  /** Full names of the branches and tags. */
  async refs(): Promise<string[]> {
    const listed = await this.#read('for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/tags');
    return listed.split('\n').filter((line) => line !== '');
  }

  /** Whether one of these refs leads to a commit. @param refs full names */
  async isReachable(sha: string, refs: readonly string[]): Promise<boolean> {
    for (let first = 0; first < refs.length; first += namedAtOnce) {
      const some = refs.slice(first, first + namedAtOnce);
      if ((await this.#read('rev-list', '--max-count=1', sha, '--not', ...some, '--')).trim() === '') return true;
    }
    return false;
  }

  /**
   * The new commits of a ref along first parents, so that a merged branch counts as its merge commit.
   * @param before the last known commit of the ref
   * @param head commit that the ref points to now
   * @param limit number of commits at most
   * @param base ref whose commits are left out where this ref was forced, as a rebased branch is
   */
  async newCommits(before: string, head: string, limit: number, base?: string): Promise<NewCommits> {
    const kept = cachedWalk(this.path, before, head);
    if (kept && kept.length > 0) {
      const commits = kept.slice(-limit);
      return { commits, passedOver: kept.length - commits.length, jumped: false };
    }
    const range = [`${before}..${head}`];
    const walk = await this.#walk(range, limit).catch(async (error) => {
      if (await this.has(before)) throw error;
      return undefined;
    });
    // the last known commit is not in the repository any more
    if (walk === undefined) return { commits: [head], passedOver: 0, jumped: true };
    let { commits } = walk;
    const jumped = walk.from !== before && !(await this.isAncestor(before, head));
    // the history between them is missing, so every commit would count as new
    if (jumped && this.isShallow && (await this.mergeBase(before, head)) === undefined)
      return { commits: [head], passedOver: 0, jumped };
    if (jumped && base !== undefined && (await this.has(base))) {
      range.push(`^${base}`);
      ({ commits } = await this.#walk(range, limit));
    }
    if (commits.length === 0) return { commits: [head], passedOver: 0, jumped };
    cacheWalk(this.path, commits);
    const total = commits.length < limit ? commits.length : await this.#count(range);
    return { commits, passedOver: total - commits.length, jumped };
  }

  /** Ids along first parents, oldest first, and the first parent of the oldest. */
  async #walk(range: string[], limit: number): Promise<{ commits: string[]; from: string | undefined }> {
    const flags = ['--first-parent', '--parents', `--max-count=${limit}`];
    const listed = await this.#read('rev-list', ...flags, ...range, '--');
    const lines = listed.split('\n').filter((line) => line !== '');
    const from = lines.at(-1)?.split(' ')[1];
    return { commits: lines.map((line) => line.split(' ', 1)[0] as string).reverse(), from };
  }

  /**
   * Subject, author, message and first parent of commits, in the given order.
   * @throws VoltError `commit_missing` where an id is missing, or not that of a commit
   */
  async commits(shas: readonly string[]): Promise<(CommitInfo & CommitDetails)[]> {
    const last = shas.at(-1);
    if (last === undefined) return [];
    const log = await this.#read('log', '--no-walk=unsorted', '-z', format, ...shas, '--').catch((error) => {
      if (/bad object|bad revision|unknown revision|not a valid/i.test(messagesOf(error))) return '';
      throw error;
    });
    // a message in UTF-7 can contain the separator; the text after it then begins with no id that was asked for
    const found: (CommitInfo & CommitDetails)[] = [];
    for (const entry of log.split('\0'))
      if (entry.startsWith(`${shas[found.length]}\n`)) found.push(parseCommit(entry));
    if (found.length < shas.length) throw commitMissing(last);
    return found;
  }

  /** @throws VoltError `commit_missing` */
  async commit(sha: string): Promise<CommitInfo> {
    const [{ text, skipChecks, parent, ...info }] = (await this.commits([sha])) as [CommitInfo & CommitDetails];
    return info;
  }

  /**
   * The ref and commit that a person means by a branch, a tag, a full ref or a commit id.
   * @throws VoltError `bad_ref`, `commit_missing`
   */
  async resolve(name: string): Promise<{ ref: string; sha: string }> {
    checkRefName(name);
    for (const ref of [`refs/heads/${name}`, `refs/tags/${name}`, name]) {
      const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
      const sha = await git(this.path, args).catch(() => '');
      if (sha !== '') return { ref, sha: sha.trim() };
    }
    throw new VoltError('commit_missing', `there is no branch, tag or commit "${name}"`, {
      remedy: 'See git branch -a and git tag.',
    });
  }

  /** Whether one commit is in the history of another; both must be in the repository. */
  async isAncestor(before: string, head: string): Promise<boolean> {
    return (await this.#read('rev-list', '--max-count=1', `${head}..${before}`, '--')).trim() === '';
  }

  /** Whether two commits have the same files. */
  async haveSameFiles(one: string, other: string): Promise<boolean> {
    const [first, second] = (await this.#read('rev-parse', `${one}^{tree}`, `${other}^{tree}`)).trim().split('\n');
    return first === second;
  }

  /** How many commits lead from one commit to another, at most `most`. */
  async countCommits(from: string, to: string, most: number): Promise<number> {
    return Number(await this.#read('rev-list', '--count', `--max-count=${most}`, `${from}..${to}`, '--'));
  }

  /** The newest commit that two histories have in common; undefined if there is none. */
  async mergeBase(one: string, other: string): Promise<string | undefined> {
    return (await this.#read('merge-base', one, other)).trim() || undefined;
  }

  async #count(range: string[]): Promise<number> {
    return Number(await this.#read('rev-list', '--count', '--first-parent', ...range, '--'));
  }

  /** Ignores the user's configuration, which may change the form and the encoding of git's output. */
  #read(...args: string[]): Promise<string> {
    return git(this.path, args, { plain: true });
  }
}

/** Refs that one command names: Linux limits the length of its arguments to 2 MB. */
const namedAtOnce = 1000;
/** The most characters of a message's body that are kept. */
const longestBody = 5000;
/** A commit message may have any length, so git cuts its output to this many columns. */
const cut = (columns: number, placeholder: string) => `%<(${columns},trunc)${placeholder}`;
const skipChecks = cut(20, '%(trailers:key=skip-checks,valueonly,unfold,separator=%x2C)');
/** The time as a number: git fails to print a time that is before 1970 in its zone. */
const format = `--format=%H%n${cut(130, '%P')}%n${cut(200, '%an')}%n${cut(300, '%ae')}%n%ct%n${skipChecks}%n${cut(500, '%s')}%n${cut(10_000, '%B')}`;

function parseCommit(entry: string): CommitInfo & CommitDetails {
  const [sha = '', parents = '', author = '', address = '', committedAt = '', checks = '', subject = '', ...text] =
    entry.split('\n');
  return {
    sha,
    parent: parents.split(' ', 1)[0] ?? '',
    // git fills the columns with spaces
    author: author.trimEnd().slice(0, 200),
    authorAddress: addressIn(address.trimEnd()),
    committedAt: dateOf(committedAt),
    subject: subject.trimEnd().slice(0, 500),
    body: bodyOf(text).slice(0, longestBody),
    text: text.join('\n').trimEnd().slice(0, 10_000),
    skipChecks: checks.trim(),
  };
}

/** The longest mail address is 254 characters: RFC 3696, erratum 1690. */
function addressIn(text: string): string {
  return text.length <= 254 ? text : '';
}

/** The lines of a message after its first paragraph. */
function bodyOf(lines: readonly string[]): string {
  const blank = lines.findIndex((line) => line.trim() === '');
  return blank === -1 ? '' : lines.slice(blank).join('\n').trim();
}

/** A commit may have any time, also one that no calendar has. @param seconds since 1970 */
export function dateOf(seconds: string): string {
  const date = new Date(Number(seconds) * 1000);
  const year = date.getUTCFullYear();
  return (year >= 0 && year <= 9999 ? date : new Date(0)).toISOString();
}

export function commitMissing(sha: string): VoltError {
  return new VoltError('commit_missing', `commit ${sha} is not in the repository`, {
    remedy: 'It may have been removed by a forced push; build the branch as it is now.',
  });
}
