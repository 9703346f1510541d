import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { checkRefName } from './refs.ts';
import { git } from './run.ts';
import { saidBy } from './words.ts';

export interface CommitInfo {
  sha: string;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
}

export interface NewCommits {
  /** oldest first; at most `limit`, the newest */
  commits: CommitInfo[];
  /** how many older ones were left out */
  passedOver: number;
  /** the ref does not descend from where it was: it was forced, or made anew */
  jumped: boolean;
}

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
    const range = [`${before}..${head}`];
    const log = await this.#log(range, limit).catch(async (error) => {
      if (await this.has(before)) throw error;
      return undefined;
    });
    // where the ref was is not even in the repository any more
    if (log === undefined) return { commits: [await this.commit(head)], passedOver: 0, jumped: true };
    let found = log;
    const jumped = found[0]?.firstParent !== before && !(await this.isAncestor(before, head));
    // what lies between is not here, so that all that is would count as new
    if (jumped && this.isShallow && !(await this.#meet(before, head)))
      return { commits: [await this.commit(head)], passedOver: 0, jumped };
    if (jumped && base !== undefined && (await this.has(base))) {
      range.push(`^${base}`);
      found = await this.#log(range, limit);
    }
    if (found.length === 0) return { commits: [await this.commit(head)], passedOver: 0, jumped };
    const total = found.length < limit ? found.length : await this.#count(range);
    return { commits: found.map(({ firstParent, ...info }) => info), passedOver: total - found.length, jumped };
  }

  /** Oldest first. */
  async #log(range: string[], limit: number): Promise<(CommitInfo & { firstParent: string })[]> {
    const text = await git(this.path, ['log', '--first-parent', `--max-count=${limit}`, '-z', format, ...range, '--']);
    return parseCommits(text).reverse();
  }

  /** The beginnings of the messages of commits, and what their trailer `skip-checks` says, in the order that is given. */
  async messages(shas: readonly string[]): Promise<{ text: string; skipChecks: string }[]> {
    if (shas.length === 0) return [];
    const log = await git(this.path, ['log', '--no-walk=unsorted', '-z', messageFormat, ...shas, '--']);
    return log
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [skipChecks = '', ...text] = entry.split('\n');
        return { text: text.join('\n').trimEnd(), skipChecks: skipChecks.trim() };
      });
  }

  /** @throws VoltError `commit_missing` */
  async commit(sha: string): Promise<CommitInfo> {
    const log = await git(this.path, ['log', '--max-count=1', '-z', format, sha, '--']).catch((error) => {
      if (/bad object|bad revision|unknown revision|not a valid/i.test(saidBy(error))) return '';
      throw error;
    });
    const [found] = parseCommits(log);
    if (!found) throw commitMissing(sha);
    const { firstParent, ...info } = found;
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
    return (await git(this.path, ['rev-list', '--max-count=1', `${head}..${before}`, '--'])).trim() === '';
  }

  /** Whether two histories have a commit in common. */
  async #meet(one: string, other: string): Promise<boolean> {
    return (await git(this.path, ['merge-base', one, other])).trim() !== '';
  }

  async #count(range: string[]): Promise<number> {
    return Number(await git(this.path, ['rev-list', '--count', '--first-parent', ...range, '--']));
  }
}

/** A commit may say as much as it likes, so git cuts what it prints of it: to so many columns. */
const cut = (columns: number, placeholder: string) => `%<(${columns},trunc)${placeholder}`;
/** The first of the parents is whole. Git ends where it is to show a time in a zone in which it is before 1970. */
const format = `--format=%H%n${cut(200, '%P')}%n${cut(200, '%an')}%n%ct%n${cut(500, '%s')}`;
const skipChecks = '%(trailers:key=skip-checks,valueonly,unfold,separator=%x2C)';
const messageFormat = `--format=${cut(20, skipChecks)}%n${cut(10_000, '%B')}`;

function parseCommits(log: string): (CommitInfo & { firstParent: string })[] {
  return log
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [sha = '', parents = '', author = '', committedAt = '', ...subject] = entry.split('\n');
      return {
        sha,
        firstParent: parents.split(' ')[0] ?? '',
        // git counts columns and fills them up
        author: author.trimEnd().slice(0, 200),
        committedAt: dateOf(committedAt),
        subject: subject.join(' ').trimEnd().slice(0, 500),
      };
    });
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
