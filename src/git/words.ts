import { errorText, VoltError } from '../kernel/errors.ts';

/** Characters of what git has said that people are shown. */
const mostShown = 500;

/** A command of git has failed. */
export class GitFailed extends VoltError {
  /** all that git has said, without its progress and without secrets; the message has the beginning of it */
  readonly words: string;

  /** @param words as `causeFirst` gives them back */
  constructor(command: string, words: string, remedy: string) {
    super('git_failed', `git ${command}: ${beginning(words.replace(/[.;:,]*\n/g, '; '))}`, { remedy });
    this.words = words;
  }
}

/** What git has said, also where other errors have been made of its own; for decisions, which a cut text must not change. */
export function saidBy(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof GitFailed) return each.words;
  return errorText(error);
}

/** `Receiving objects:  45% (450/1000)`, `remote: Enumerating objects: 3, done.` */
const progress = /^(remote: )?[A-Z][a-z ]+: +\d+(%|, done)/;
/** What a fetch and git-lfs tell while all goes well. */
const news =
  /^(remote: Total \d+ \(delta|From \S+$|POST git-|Downloading .+ \(\d| [*+=t-] \[| {3}[0-9a-f]+\.\.[0-9a-f]+ )/;
/** Advice of git's own, in place of which a remedy is given, and files on this machine that are removed. */
const advice =
  /^(hint: |Please make sure you have the correct access rights|and the repository exists\.|Errors logged to |Use `git lfs logs )/;
/** What follows from something that git or its server has told in other lines, if anybody has. */
const consequence =
  /^(fetch-pack: unexpected disconnect|error: \d+ bytes of (body|length header) (are|were)|fatal: (early EOF|fetch-pack: invalid index-pack output|Could not read from remote|the remote end hung up|expected ('\w+'|flush)))/;

/**
 * What git says when it has failed, for people: each line once, without the progress that it draws over itself by carriage
 * returns, and the cause before what follows from it.
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
  // a server says why it has ended, or greets
  if (line.startsWith('remote: ')) return /^remote: (fatal|error|aborting)\b/i.test(line) ? 1 : 3;
  return consequence.test(line) ? 2 : 0;
}

/** Ends between two words: what is secret is looked for in the text that is left, and half of it would not be found. */
function beginning(words: string): string {
  if (words.length <= mostShown) return words;
  const cut = words.slice(0, mostShown - 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 0))}…`;
}
