import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { checkRefName } from './refs.ts';
import { git } from './run.ts';
import { keepWalk, keptWalk } from './walks.ts';
import { saidBy } from './words.ts';

export interface CommitInfo {
  sha: string;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
}

export interface CommitMessageText {
  /** its beginning */
  text: string;
  /** what its trailer `skip-checks` says */
  skipChecks: string;
}

export interface NewCommits {
  /** their ids, oldest first; at most `limit`, the newest */
  commits: readonly string[];
  /** how many older ones were left out */
  passedOver: number;
  /** the ref does not descend from where it was: it was forced, or made anew */
  jumped: boolean;
}

/** An older Volt made this file in a mirror that it had not fetched the whole history of. */
export const cutShortMark = 'volt-short';

/** A repository without a work tree, as those see it who read its history. */
export class BareRepository {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get isThere(): boolean {
    return existsSync(join(this.path, 'HEAD'));
  }

  /** Whether its history ends somewhere before its beginning. */
  get isShallow(): boolean {
    return existsSync(join(this.path, 'shallow'));
  }

  /** Whether an older Volt fetched only a part of the history; the next update fetches the rest. */
  get isCutShort(): boolean {
    return existsSync(join(this.path, cutShortMark));
  }

  /** Whether files may be missing that its commits have, since they were left out when it was fetched. */
  get isPartial(): boolean {
    return this.isThere && /^\tpromisor = true$/m.test(readFileSync(join(this.path, 'config'), 'utf8'));
  }

  /** The ids of the files that are missing of these commits or folders. */
  async missingFiles(objects: readonly string[]): Promise<string[]> {
    if (objects.length === 0 || !this.isPartial) return [];
    const flags = ['--objects', '--no-object-names', '--no-walk', '--missing=print'];
    const listed = await git(this.path, ['rev-list', ...flags, ...objects, '--']);
    return listed.split('\n').flatMap((line) => (line.startsWith('?') ? [line.slice(1)] : []));
  }

  /**
   * Whether a branch points to another commit, as far as its own file tells, which goes before whatever else does
   * (gitrepository-layout(5)). No process is started for that; where there is no such file, git has to be asked.
   * @param ref full name, as `isRefName` has it
   */
  async isSeenElsewhere(ref: string, sha: string): Promise<boolean> {
    // an annotated tag names an object of its own
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

  /**
   * What has come to a ref, along first parents, so that a merged branch counts as its merge commit.
   * @param before commit up to which everything is known
   * @param head commit that the ref points to now
   * @param limit how many at the most
   * @param base ref whose commits are none of this ref's own: where this one has jumped, as a rebased branch does, they
   * are left out
   */
  async newCommits(before: string, head: string, limit: number, base?: string): Promise<NewCommits> {
    const kept = keptWalk(this.path, before, head);
    if (kept && kept.length > 0) {
      const commits = kept.slice(-limit);
      return { commits, passedOver: kept.length - commits.length, jumped: false };
    }
    const range = [`${before}..${head}`];
    const walk = await this.#walk(range, limit).catch(async (error) => {
      if (await this.has(before)) throw error;
      return undefined;
    });
    // where the ref was is not even in the repository any more
    if (walk === undefined) return { commits: [head], passedOver: 0, jumped: true };
    let { commits } = walk;
    const jumped = walk.from !== before && !(await this.isAncestor(before, head));
    // what lies between is not here, so that all that is would count as new
    if (jumped && this.isShallow && !(await this.#meet(before, head)))
      return { commits: [head], passedOver: 0, jumped };
    if (jumped && base !== undefined && (await this.has(base))) {
      range.push(`^${base}`);
      ({ commits } = await this.#walk(range, limit));
    }
    if (commits.length === 0) return { commits: [head], passedOver: 0, jumped };
    keepWalk(this.path, commits);
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
   * What there is to be told of commits, in the order that is given.
   * @throws VoltError `commit_missing` where one is not there, or is none
   */
  async commits(shas: readonly string[]): Promise<(CommitInfo & CommitMessageText)[]> {
    const last = shas.at(-1);
    if (last === undefined) return [];
    const log = await this.#read('log', '--no-walk=unsorted', '-z', format, ...shas, '--').catch((error) => {
      if (/bad object|bad revision|unknown revision|not a valid/i.test(saidBy(error))) return '';
      throw error;
    });
    // a message in UTF-7 can hold what git parts commits by; what follows then is none that is asked for
    const found: (CommitInfo & CommitMessageText)[] = [];
    for (const entry of log.split('\0'))
      if (entry.startsWith(`${shas[found.length]}\n`)) found.push(parseCommit(entry));
    if (found.length < shas.length) throw commitMissing(last);
    return found;
  }

  /** @throws VoltError `commit_missing` */
  async commit(sha: string): Promise<CommitInfo> {
    const [{ text, skipChecks, ...info }] = (await this.commits([sha])) as [CommitInfo & CommitMessageText];
    return info;
  }

  /**
   * The ref and commit that a person means by a branch, a tag, a full ref or a commit id.
   * @throws VoltError `bad_ref`, `commit_missing`
   */
  async resolve(name: string): Promise<{ ref: string; sha: string }> {
    checkRefName(name);
    for (const ref of [`refs/heads/${name}`, `refs/tags/${name}`, name]) {
      const sha = await git(this.path, [
        'rev-parse',
        '--verify',
        '--quiet',
        '--end-of-options',
        `${ref}^{commit}`,
      ]).catch(() => '');
      if (sha !== '') return { ref, sha: sha.trim() };
    }
    throw new VoltError('commit_missing', `there is no branch, tag or commit "${name}"`, {
      remedy: 'See git branch -a and git tag.',
    });
  }

  /** Whether one commit is in the history of another; both must be here. */
  async isAncestor(before: string, head: string): Promise<boolean> {
    return (await this.#read('rev-list', '--max-count=1', `${head}..${before}`, '--')).trim() === '';
  }

  /** Whether two histories have a commit in common. */
  async #meet(one: string, other: string): Promise<boolean> {
    return (await this.#read('merge-base', one, other)).trim() !== '';
  }

  async #count(range: string[]): Promise<number> {
    return Number(await this.#read('rev-list', '--count', '--first-parent', ...range, '--'));
  }

  /** By nothing that the machine's user has configured: that may change the form and the encoding of what git prints. */
  #read(...args: string[]): Promise<string> {
    return git(this.path, args, { plain: true });
  }
}

/** A commit may say as much as it likes, so git cuts what it prints of it: to so many columns. */
const cut = (columns: number, placeholder: string) => `%<(${columns},trunc)${placeholder}`;
const skipChecks = cut(20, '%(trailers:key=skip-checks,valueonly,unfold,separator=%x2C)');
/** Git ends where it is to show a time in a zone in which it is before 1970. */
const format = `--format=%H%n${cut(200, '%an')}%n%ct%n${skipChecks}%n${cut(500, '%s')}%n${cut(10_000, '%B')}`;

function parseCommit(entry: string): CommitInfo & CommitMessageText {
  const [sha = '', author = '', committedAt = '', checks = '', subject = '', ...text] = entry.split('\n');
  return {
    sha,
    // git counts columns and fills them up
    author: author.trimEnd().slice(0, 200),
    committedAt: dateOf(committedAt),
    subject: subject.trimEnd().slice(0, 500),
    text: text.join('\n').trimEnd().slice(0, 10_000),
    skipChecks: checks.trim(),
  };
}

/** A commit may claim any time, also one that no calendar has. @param seconds since 1970 */
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
