import { isAbsolute, join } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { FadingMap } from '../../kernel/fading-map.ts';
import { yieldToOthers } from '../../system/event-loop.ts';
import { remember } from '../../system/remember.ts';
import { serverOf } from '../access/server.ts';
import type { Conversation } from '../command/conversation.ts';
import { allowedProtocols, type GitOptions, git } from '../command/git.ts';
import { GitFailed, messagesOf } from '../command/messages.ts';

export interface ListedRef {
  /** full name */
  name: string;
  sha: string;
  /** the object that an annotated tag points to in the end */
  peeled?: string | undefined;
  /** full name of the ref that a symbolic ref such as HEAD points to */
  target?: string | undefined;
}

/** Bytes of a list of refs: some 200,000 of them. */
const mostListed = 16_777_216;
/** With more prefixes than this, `git ls-remote` lists all refs. */
const mostPatterns = 10;

/** Milliseconds for which Volt remembers that a server speaks an older protocol, and the address that a URL is rewritten to. */
const remembered = 600_000;
/** Addresses of which something is remembered. */
const mostRemembered = 10_000;

// by URL; only `peek` reads them, so that an answer counts for that long and no longer
const older = new FadingMap<string, true>(remembered, mostRemembered);
const rewritten = new FadingMap<string, string>(remembered, mostRemembered);
const formats = new FadingMap<string, 'sha256'>(remembered, mostRemembered);

/**
 * Lists the refs of a repository whose names begin with one of the prefixes. A repository can have tens of thousands of refs
 * for pull requests, and `git ls-remote` makes the server send all of them. So Volt sends the request `ls-refs` of
 * gitprotocol-v2(5) itself, by git's own transport programs. It runs `ls-remote` where the server does not know that request.
 * @param prefixes such as `HEAD`, `refs/heads/`
 * @throws VoltError `too_large` where there are too many, `git_failed`
 */
export async function lsRefs(url: string, prefixes: readonly string[], options: GitOptions): Promise<ListedRef[]> {
  const bounded = { ...options, mostOutput: mostListed };
  const found = older.peek(url) ? undefined : await ask(url, prefixes, bounded);
  if (found) return found;
  older.set(url, true);
  return lsRemote(url, prefixes, bounded);
}

async function ask(url: string, prefixes: readonly string[], options: GitOptions): Promise<ListedRef[] | undefined> {
  const address = await addressOf(url, options);
  const format = formats.peek(url);
  const transport = await transportTo(address, request(prefixes, format), options);
  if (!transport) return undefined;
  const { args, ...conversation } = transport;
  let answer: string;
  try {
    answer = await git('/', args, { ...options, conversation });
  } catch (error) {
    // a server that does not get the protocol version, as by ssh, lists all its refs
    if (transport.line && error instanceof VoltError && error.code === 'too_large') return undefined;
    if (format !== undefined || !/mismatched object format/.test(messagesOf(error))) throw error;
    formats.set(url, 'sha256');
    return ask(url, prefixes, options);
  }
  if (!answer.includes('version 2\n')) return undefined;
  // the end of a whole answer: in one that was cut off, refs would look deleted
  if (/0000(0002)?$/.test(answer)) return readRefs(answer, prefixes);
  throw new GitFailed('ls-remote', 'fatal: unexpected EOF in the list of refs', 'See whether the server is well.');
}

/** The address that git uses for a URL: the user's configuration may rewrite it, see `insteadOf` in git-config(1). */
async function addressOf(url: string, { untrusted, runner, signal }: GitOptions): Promise<string> {
  if (isAbsolute(url) || (untrusted && !untrusted.asMachine)) return url;
  const known = rewritten.peek(url);
  if (known !== undefined) return known;
  const address = (await git('/', ['ls-remote', '--get-url', '--', url], { runner, signal })).trim();
  rewritten.set(url, address);
  return address;
}

/** @returns the program and its input; undefined where `git ls-remote` has to do it, or to say why it cannot */
async function transportTo(
  address: string,
  said: string,
  options: GitOptions,
): Promise<(Conversation & { args: string[] }) | undefined> {
  const server = isAbsolute(address) ? { scheme: 'file' } : serverOf(address);
  if (!server || !allowedProtocols(options).includes(server.scheme)) return undefined;
  if (server.scheme === 'file') return { args: ['upload-pack', address], input: [said] };
  if (server.scheme === 'http' || server.scheme === 'https') {
    // not through git, which would start it as another process that does not end with git
    const line = [join(await programFolder(), `git-remote-${server.scheme}`), address, address];
    return { args: ['remote-http', address], line, input: ['stateless-connect git-upload-pack\n', said] };
  }
  const line = server.scheme === 'ssh' ? sshLine(address) : undefined;
  return line && { args: ['upload-pack', address], line, input: [said] };
}

/** The folder of git's own programs. */
const programFolder = remember(async () => (await git('/', ['--exec-path'])).trim());

/** The command line by which git starts its program on a server by ssh, for plain forms of addresses. */
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

/** See gitprotocol-v2(5); each line begins with its length. */
function request(prefixes: readonly string[], format: 'sha256' | undefined): string {
  const line = (text: string) => `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`;
  const capabilities = ['agent=git/volt', ...(format === undefined ? [] : [`object-format=${format}`])];
  const wanted = ['peel', 'symrefs', ...prefixes.map((prefix) => `ref-prefix ${prefix}`)];
  const lines = (texts: readonly string[]) => texts.map((text) => line(`${text}\n`)).join('');
  return `${lines(['command=ls-refs', ...capabilities])}0001${lines(wanted)}0000`;
}

/** Whether a name begins with one of the prefixes, of which there may be a thousand that are whole names. */
function matcherOf(prefixes: readonly string[]): (name: string) => boolean {
  const whole = new Set(prefixes);
  return (name) => whole.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

/** Ignores the lengths of lines, which are wrong where a name was not UTF-8; each ref has its own line. */
async function readRefs(answer: string, prefixes: readonly string[]): Promise<ListedRef[]> {
  const refs: ListedRef[] = [];
  const isWanted = matcherOf(prefixes);
  for (const line of answer.split('\n')) {
    await yieldToOthers();
    // a name may contain other kinds of spaces, but not the plain one
    const [, sha = '', name = '', more = ''] =
      /^(?:000[012])*[0-9a-f]{4}([0-9a-f]{40,64}) ([^ ]+)(.*)$/s.exec(line) ?? [];
    if (!isWanted(name)) continue;
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
  // the server sends all refs in any case, and git compares each with each pattern
  const wanted = prefixes.length > mostPatterns ? [] : prefixes.map((prefix) => `${prefix}*`);
  const text = await git('/', ['ls-remote', '--symref', '--', url, ...wanted], options);
  const isWanted = matcherOf(prefixes);
  const refs = new Map<string, ListedRef>();
  const targets = new Map<string, string>();
  for (const line of text.split('\n')) {
    await yieldToOthers();
    const [left = '', rightmost = ''] = line.split('\t');
    // the line after an annotated tag has the object that it points to in the end
    const name = rightmost.replace(/\^\{\}$/, '');
    const ref = refs.get(name);
    if (left.startsWith('ref: ')) targets.set(name, left.slice('ref: '.length));
    else if (ref) ref.peeled = left;
    else if (isWanted(name)) refs.set(name, { name, sha: left, peeled: undefined, target: targets.get(name) });
  }
  return [...refs.values()];
}
