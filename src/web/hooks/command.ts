/** What a comment on a pull request asks Volt for. */
export type Command =
  /** build the head, which somebody has looked at */
  | { name: 'approve'; head: string }
  /** run what failed again */
  | { name: 'retry' }
  /** nothing that Volt knows */
  | { name: 'unknown' };

/** Characters of a comment that may be a command. */
const longest = 200;

/**
 * The command that a comment is. It must be the whole comment, so that nobody gives one by quoting it or by writing about it. The
 * head has all of its digits: whoever makes a commit can choose the first ones.
 * @returns undefined for a comment that is none
 */
export function commandIn(comment: string): Command | undefined {
  if (comment.length > longest) return undefined;
  const text = comment.trim();
  if (!/^\/volt(?:[ \t]|$)/.test(text) || /[\r\n]/.test(text)) return undefined;
  const [, ...words] = text.split(/[ \t]+/);
  const [word, head, ...more] = words;
  if (word === 'retry' && head === undefined) return { name: 'retry' };
  const isHead = head !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(head);
  return word === 'approve' && isHead && more.length === 0
    ? { name: 'approve', head: head.toLowerCase() }
    : { name: 'unknown' };
}
