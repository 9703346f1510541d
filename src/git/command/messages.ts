import { errorText, VoltError } from '../../kernel/errors.ts';

/** Characters of git's messages that people see. */
const mostShown = 500;

export class GitFailed extends VoltError {
  /** all of git's messages, without progress and secrets; `message` has their beginning */
  readonly messages: string;

  /** @param messages from `causeFirst` */
  constructor(command: string, messages: string, remedy: string) {
    super('git_failed', `git ${command}: ${beginning(messages.replace(/[.;:,]*\n/g, '; '))}`, { remedy });
    this.messages = messages;
  }
}

/** All of git's messages behind an error, also where it was wrapped; for decisions, since the error's own message is cut. */
export function messagesOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof GitFailed) return each.messages;
  return errorText(error);
}

/** `Receiving objects:  45% (450/1000)`, `remote: Enumerating objects: 3, done.` */
const progress = /^(remote: )?[A-Z][a-z ]+: +\d+(%|, done)/;
/** What a fetch and git-lfs print when nothing is wrong. */
const news =
  /^(remote: Total \d+ \(delta|From \S+$|POST git-|Downloading .+ \(\d| [*+=t-] \[| {3}[0-9a-f]+\.\.[0-9a-f]+ )/;
/** Git's own advice, which a remedy replaces, and files on this machine that are removed. */
const advice =
  /^(hint: |Please make sure you have the correct access rights|and the repository exists\.|Errors logged to |Use `git lfs logs )/;
/** Consequences of a cause that other lines name, if any. */
const consequence =
  /^(fetch-pack: unexpected disconnect|error: \d+ bytes of (body|length header) (are|were)|fatal: (early EOF|fetch-pack: invalid index-pack output|Could not read from remote|the remote end hung up|expected ('\w+'|flush)))/;

/**
 * The messages of a failed git for people: each line once, without progress, and the cause before its consequences.
 * @param text git's standard error
 */
export function causeFirst(text: string): string {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .filter((line) => line !== '' && !progress.test(line) && !news.test(line) && !advice.test(line));
  return [...new Set(lines)]
    .map((line) => ({ line: line.trim(), rank: rankOf(line) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ line }) => line)
    .join('\n');
}

function rankOf(line: string): number {
  if (line.startsWith('warning: ')) return 4;
  // a server sends the reason of its end, or a greeting
  if (line.startsWith('remote: ')) return /^remote: (fatal|error|aborting)\b/i.test(line) ? 1 : 3;
  return consequence.test(line) ? 2 : 0;
}

/** Cuts between two words: secrets are searched for in the rest, and half a secret would not be found. */
function beginning(messages: string): string {
  if (messages.length <= mostShown) return messages;
  const cut = messages.slice(0, mostShown - 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 0))}…`;
}
