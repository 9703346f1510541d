import type { NoticeMessage } from '../notice-message.ts';

type Links = Pick<NoticeMessage, 'link' | 'stop'>;

/** Why somebody gets a notice. */
export function whyText({ why }: Pick<NoticeMessage, 'why'>): string {
  return `You get this because ${why}.`;
}

/** Why somebody gets a notice, and how that ends. */
export function footerOf(message: Pick<NoticeMessage, 'why' | 'stop'>): string {
  const { command, url } = message.stop;
  return `${whyText(message)} To stop it: ${command === null ? url : `${command}, or ${url}`}`;
}

/** How a target writes text of others, and a link. */
export interface Form {
  text: (text: string) => string;
  link: (url: string) => string;
}

/** A line in the form of a target: Volt's own addresses are links, everything else is text. */
export function formed(line: string, { link, stop }: Links, form: Form): string {
  return line
    .split(/(\s+)/)
    .map((word) => {
      const [, url, rest = ''] = /^(https?:\/\/.*?)([.,;:!?)]*)$/.exec(word) ?? [];
      return url === link.url || url === stop.url ? form.link(url) + form.text(rest) : form.text(word);
    })
    .join('');
}

/**
 * As many lines as fit, whole ones, since the end of a cut one might have another meaning.
 * @param size of a text, in what the target counts
 */
export function fitting(lines: readonly string[], most: number, size = (text: string) => text.length): string[] {
  const more = '…';
  const fits = (some: readonly string[]) => size(some.join('\n')) <= most;
  if (fits(lines)) return [...lines];
  const kept: string[] = [];
  for (const line of lines) {
    if (!fits([...kept, line, more])) break;
    kept.push(line);
  }
  return [...kept, more];
}

/** Bytes of a text in JSON. */
export function sizeOfJson(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** At most so many UTF-16 units of a text, without half a character at its end. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Foreign text in which chats and mail programs find no address to link and nobody to mention: a character without width stands in what
 * they look for. A bare name such as example.org stays: so do the names of files look, a link to it shows where it leads, and
 * a hidden character would come along when it is copied.
 */
export function inert(text: string): string {
  return text.replace(/\/(?=\/)|@|\b(?:www(?=\.)|mailto(?=:))/gi, '$&\u200b');
}

/** Foreign text in Markdown, as which it is shown as it is. */
export function inertMarkdown(text: string): string {
  return inert(text).replace(/[\\`*_~|<>[\](){}#+.!&:-]/g, '\\$&');
}

export const plainForm: Form = { text: inert, link: (url) => url };
export const markdownForm: Form = { text: inertMarkdown, link: (url) => `<${url}>` };
