import { isAbsolute, join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import type { Conversation } from './conversation.ts';
import { allowedProtocols, type GitOptions, git } from './run.ts';
import { serverOf } from './server.ts';
import { GitFailed, saidBy } from './words.ts';

export interface ListedRef {
  /** full name */
  name: string;
  sha: string;
  /** what an annotated tag points to in the end */
  peeled?: string | undefined;
  /** full name of the ref that this one stands for, as HEAD does for the default branch */
  target?: string | undefined;
}

/** Bytes of a list of refs: some 200,000 of them. */
const mostListed = 16_777_216;

/** Milliseconds for which a server is not asked again that has spoken an older protocol, or to which another address leads. */
const remembered = 600_000;
/** Of how many addresses something is remembered. */
const mostRemembered = 10_000;

/** What is known of servers, by the addresses of their repositories. */
class Memory<T> {
  readonly #entries = new Map<string, { value: T; until: number }>();

  get(url: string): T | undefined {
    const entry = this.#entries.get(url);
    return entry && entry.until > performance.now() ? entry.value : undefined;
  }

  set(url: string, value: T): void {
    this.#entries.delete(url);
    this.#entries.set(url, { value, until: performance.now() + remembered });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= mostRemembered) return;
      this.#entries.delete(oldest);
    }
  }
}

const older = new Memory<true>();
const rewritten = new Memory<string>();
const formats = new Memory<'sha256'>();

/**
 * The refs of a repository whose names begin so, and no others: a repository has tens of thousands of refs for pull requests,
 * and git's own `ls-remote` has all of them sent. So its server is asked by the protocol itself, `ls-refs` of
 * gitprotocol-v2(5), by way of the programs that git does it with; a server that does not know it is asked by `ls-remote`.
 * @param prefixes such as `HEAD`, `refs/heads/`
 * @throws VoltError `too_large` where there are too many, `git_failed`
 */
export async function lsRefs(url: string, prefixes: readonly string[], options: GitOptions): Promise<ListedRef[]> {
  const bounded = { ...options, mostOutput: mostListed };
  const found = older.get(url) ? undefined : await ask(url, prefixes, bounded);
  if (found) return found;
  older.set(url, true);
  return lsRemote(url, prefixes, bounded);
}

async function ask(url: string, prefixes: readonly string[], options: GitOptions): Promise<ListedRef[] | undefined> {
  const address = await addressOf(url, options);
  const format = formats.get(url);
  const way = await wayTo(address, request(prefixes, format), options);
  if (!way) return undefined;
  const { args, ...conversation } = way;
  let answer: string;
  try {
    answer = await git('/', args, { ...options, conversation });
  } catch (error) {
    // a server that is not told of the newer protocol lists all that it has
    if (way.line && error instanceof VoltError && error.code === 'too_large') return undefined;
    if (format !== undefined || !/mismatched object format/.test(saidBy(error))) throw error;
    formats.set(url, 'sha256');
    return ask(url, prefixes, options);
  }
  if (!answer.includes('version 2\n')) return undefined;
  // by that it ends, and what was cut off would look like refs that are gone
  if (/0000(0002)?$/.test(answer)) return readRefs(answer, prefixes);
  throw new GitFailed('ls-remote', 'fatal: unexpected EOF in the list of refs', 'See whether the server is well.');
}

/** Where git goes for a URL: the user's own configuration may name another place, see `insteadOf` in git-config(1). */
async function addressOf(url: string, { stranger, runner, signal }: GitOptions): Promise<string> {
  if (isAbsolute(url) || (stranger && !stranger.asMachine)) return url;
  const known = rewritten.get(url);
  if (known !== undefined) return known;
  const address = (await git('/', ['ls-remote', '--get-url', '--', url], { runner, signal })).trim();
  rewritten.set(url, address);
  return address;
}

/** @returns what git is to be asked with; undefined where git's own command goes, or says why it does not */
async function wayTo(
  address: string,
  said: string,
  options: GitOptions,
): Promise<(Conversation & { args: string[] }) | undefined> {
  const server = isAbsolute(address) ? { scheme: 'file' } : serverOf(address);
  if (!server || !allowedProtocols(options).includes(server.scheme)) return undefined;
  if (server.scheme === 'file') return { args: ['upload-pack', address], input: [said] };
  if (server.scheme === 'http' || server.scheme === 'https') {
    // by its own name: git would start it as another process, which does not end with git
    const line = [join(await programFolder(), `git-remote-${server.scheme}`), address, address];
    return { args: ['remote-http', address], line, input: ['stateless-connect git-upload-pack\n', said] };
  }
  const line = server.scheme === 'ssh' ? sshLine(address) : undefined;
  return line && { args: ['upload-pack', address], line, input: [said] };
}

let programs: Promise<string> | undefined;

/** Where the programs of git are that it does its own work with. */
function programFolder(): Promise<string> {
  programs ??= git('/', ['--exec-path']).then((text) => text.trim());
  programs.catch(() => {
    programs = undefined;
  });
  return programs;
}

/** The command line by which git has ssh start its program on the server; the plain forms of addresses alone. */
function sshLine(address: string): string[] | undefined {
  const [, login, port, encoded] = /^ssh:\/\/([^/:@[\]]+(?:@[^/:@[\]]+)?)(?::(\d+))?(\/[^?#]*)$/i.exec(address) ?? [];
  const [, host = login, written] =
    login === undefined ? (/^((?:[^@/:[\]]+@)?[^@/:[\]]+):([^:].*)$/.exec(address) ?? []) : [];
  const path = written ?? (encoded && decoded(encoded)?.replace(/^\/(?=~)/, ''));
  if (host === undefined || path === undefined || host.startsWith('-')) return undefined;
  const quoted = `'${path.replace(/['!]/g, (character) => `'\\${character}'`)}'`;
  const options = ['-o', 'SendEnv=GIT_PROTOCOL', ...(port === undefined ? [] : ['-p', port])];
  const begin = `eval "exec $GIT_SSH_COMMAND" '"$@"'`;
  return ['sh', '-c', begin, 'ssh', ...options, host, `git-upload-pack ${quoted}`];
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** See gitprotocol-v2(5); each line has its length in front. */
function request(prefixes: readonly string[], format: 'sha256' | undefined): string {
  const line = (text: string) => `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`;
  const capabilities = ['agent=git/volt', ...(format === undefined ? [] : [`object-format=${format}`])];
  const wanted = ['peel', 'symrefs', ...prefixes.map((prefix) => `ref-prefix ${prefix}`)];
  const lines = (texts: readonly string[]) => texts.map((text) => line(`${text}\n`)).join('');
  return `${lines(['command=ls-refs', ...capabilities])}0001${lines(wanted)}0000`;
}

/** Lengths of lines are of no use in a text whose names may not have been UTF-8; each ref has a line of its own. */
async function readRefs(answer: string, prefixes: readonly string[]): Promise<ListedRef[]> {
  const refs: ListedRef[] = [];
  for (const line of answer.split('\n')) {
    await yieldToOthers();
    // names may hold any other space than the plain one
    const [, sha = '', name = '', more = ''] =
      /^(?:000[012])*[0-9a-f]{4}([0-9a-f]{40,64}) ([^ ]+)(.*)$/s.exec(line) ?? [];
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const attribute = (key: string) =>
      more
        .split(' ')
        .find((each) => each.startsWith(`${key}:`))
        ?.slice(key.length + 1);
    refs.push({ name, sha, peeled: attribute('peeled'), target: attribute('symref-target') });
  }
  return refs;
}

async function lsRemote(url: string, prefixes: readonly string[], options: GitOptions): Promise<ListedRef[]> {
  const wanted = prefixes.flatMap((prefix) => (prefix.endsWith('/') ? [`${prefix}*`] : [prefix, `${prefix}^{}`]));
  const text = await git('/', ['ls-remote', '--symref', '--', url, ...wanted], options);
  const refs = new Map<string, ListedRef>();
  const targets = new Map<string, string>();
  for (const line of text.split('\n')) {
    await yieldToOthers();
    const [left = '', told = ''] = line.split('\t');
    // what an annotated tag points to in the end comes behind it
    const name = told.replace(/\^\{\}$/, '');
    const ref = refs.get(name);
    if (left.startsWith('ref: ')) targets.set(name, left.slice('ref: '.length));
    else if (ref) ref.peeled = left;
    else if (prefixes.some((prefix) => name.startsWith(prefix)))
      refs.set(name, { name, sha: left, peeled: undefined, target: targets.get(name) });
  }
  return [...refs.values()];
}
